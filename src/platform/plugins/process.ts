/**
 * A process with plugins, seen from the agent: started when it is first needed, started again with growing
 * pauses when it ends, killed when it does not answer, or takes more memory or time than it may. A new one
 * is first sent what it needs to know.
 */

import type { ChildProcessByStdio } from "node:child_process";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import type { PluginProcessFigures } from "../../ports/plugins.ts";
import { badData, timedOut } from "../../core/errors.ts";
import {
  ANSWER_MARK,
  type Emitted,
  type LoadContext,
  type LoadedModule,
  type ModuleFile,
  type PluginProcessRequest,
  type RunRequest,
} from "../../core/plugin_protocol.ts";
import { answerFrom, modulesFrom } from "../../core/plugin_answers.ts";
import { restartPause } from "../../core/restart_pause.ts";
import { visible } from "../../core/visible.ts";
import type { Log } from "../../ports/log.ts";
import { processes } from "../runtime/node_modules.ts";
import { safeEnvironment } from "../exec/environment.ts";
import { killGroup } from "../exec/exec.ts";
import { tunedEnvironment } from "../memory/reexec.ts";
import { CostLimit, type CostLimits } from "./cost_limit.ts";
import { costOf } from "./process_cost.ts";
import { endProcess } from "./process_end.ts";
import { createLimitedLog } from "./limited_log.ts";
import { readLines } from "./read_lines.ts";
import { type Request, Requests, type Taking } from "./requests.ts";
import { guardOfThisProcess } from "./signal_guard.ts";
import { Stuck } from "./stuck.ts";

export interface PluginProcessSettings extends CostLimits {
  /** For the log and the agent's own metrics. */
  readonly name: string;
  readonly command: readonly string[];
  /** What the program reads before the first request. */
  readonly preamble?: string;
  readonly setup: PluginProcessRequest;
  /** What its files have, where that is not collectors. */
  readonly loads?: "handlers";
  log(): Log;
}

/** For one file to be loaded, and for a process that runs late to say that it is alive. */
const LOAD_MS = 10_000;
const ALIVE_MS = 1000;
/** For states to be put away at the end. */
const LAST_MOMENT_MS = 500;
/** Between readings of what it costs, while it works. */
const COST_MS = 1000;
/** Characters of an answer, and of another line of output, which is cut there. */
const MAX_ANSWER = 4_194_304;
const MAX_PRINTED = 2000;
const MAX_LAST_LINE = 200;
const LAST_WORDS_MS = 100;
/** For a process that was killed to end. */
const KILLED_MS = 1000;
/** Lines of the plugins' own output that are logged in a minute. */
const PRINTED_A_MINUTE = 20;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export class PluginProcess {
  readonly #settings: PluginProcessSettings;
  readonly #mark: string;
  readonly #requests = new Requests();
  readonly #cost: CostLimit;
  readonly #printed;
  readonly #logged;
  readonly #stuck: Stuck;
  #child: Child | undefined;
  /** For the process that comes after this one. */
  #loading: { readonly files: readonly ModuleFile[] } & LoadContext = { files: [] };
  /** Called when the process gets on with what it loads. */
  #onProgress = () => {};
  #started = 0;
  #pause = 0;
  #blockedUntil = 0;
  #restarts = 0;
  #cpuBefore = 0;
  #closed = false;
  #at = "";
  /** Why it was killed. */
  #reason: string | undefined;
  #lastLine = "";
  #costTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: PluginProcessSettings) {
    this.#settings = settings;
    this.#mark = ANSWER_MARK + ((settings.setup as { word?: string }).word ?? "");
    this.#cost = new CostLimit(settings);
    const now = () => performance.now();
    this.#printed = createLimitedLog(settings.name, now, PRINTED_A_MINUTE);
    this.#logged = createLimitedLog(settings.name, now);
    this.#stuck = new Stuck(settings.name);
  }

  /** What the process was last known to be at: the file that it loads. */
  get at(): string {
    return this.#at;
  }

  /** Loads the files, those that are new to it. Throws `timeout` where one of them does not let it go on. */
  async load(
    files: readonly ModuleFile[],
    context: LoadContext = {},
  ): Promise<readonly LoadedModule[]> {
    const to = this.#alive();
    this.#loading = { files, ...context };
    const answer = await this.#inTime(
      this.#ask(to, this.#loadRequest()).answer,
      LOAD_MS,
      () => `did not get through "${this.#at}" within ${LOAD_MS / 1000} s, and was killed`,
      (again) => this.#onProgress = again,
    );
    return modulesFrom(answer);
  }

  /** The files that each process loads when it starts. */
  willLoad(files: readonly ModuleFile[], context: LoadContext = {}): void {
    this.#loading = { files, ...context };
  }

  /** One run; `take` gets what it emits, as it comes, `own` what it logs. */
  async run(
    request: RunRequest,
    take: (emits: readonly Emitted[]) => void,
    signal: AbortSignal,
    own: Log,
  ): Promise<void> {
    const { section } = request;
    this.#stuck.check(section);
    this.#alive();
    this.#stuck.began(request);
    try {
      await this.#abortable({ do: "run", run: request }, signal, { take, own });
      this.#stuck.ended(section, "done");
    } catch (error) {
      this.#stuck.ended(section, signal.aborted ? "late" : "failed");
      throw error;
    }
  }

  /** Any other request. An abort is sent to the process, which is killed if it does not answer. */
  call(request: PluginProcessRequest, signal: AbortSignal): Promise<unknown> {
    return this.#abortable(request, signal);
  }

  drop(instance: string): void {
    if (this.#child === undefined) return;
    this.#ask(this.#child, { do: "drop", instance }).answer.catch(() => {});
  }

  /** Another number for each process that was started. Starts one where none is. Throws while it is too early. */
  generation(): number {
    this.#alive();
    return this.#started;
  }

  figures(): PluginProcessFigures {
    const cost = costOf(this.#child?.pid);
    return {
      name: this.#settings.name,
      rss: cost?.rss,
      cpuSeconds: this.#cpuBefore + (cost?.cpu ?? 0),
      restarts: this.#restarts,
    };
  }

  /** Lets it put its states away, for a moment, and ends it. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#costTimer);
    if (this.#child !== undefined) await endProcess(this.#child, LAST_MOMENT_MS);
  }

  /** Throws while it is too early to start it again. */
  #alive(): Child {
    if (this.#child !== undefined) return this.#child;
    const { name } = this.#settings;
    if (this.#closed) throw badData(`the process of ${name} is closed`);
    const wait = this.#blockedUntil - performance.now();
    if (wait > 0) {
      throw badData(`the process of ${name} starts again in ${Math.ceil(wait / 1000)} s`);
    }
    this.#stuck.checkStart();
    return this.#begin();
  }

  #begin(): Child {
    const { command: [program, ...args], preamble, setup } = this.#settings;
    const child = processes().spawn(program, args, {
      env: tunedEnvironment(safeEnvironment()),
      stdio: ["pipe", "pipe", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    this.#child = child;
    this.#started = performance.now();
    this.#reason = undefined;
    this.#lastLine = "";
    this.#cost.reset();
    this.#stuck.restarted();
    child.unref();
    this.#listen(child);
    if (preamble !== undefined) child.stdin.write(preamble);
    const guard = guardOfThisProcess();
    this.#ask(child, { ...setup, ...(guard && { guard }) }).answer.catch((error) => {
      this.#reason = `cannot be set up: ${error.message}`;
      killGroup(child);
    });
    if (this.#loading.files.length > 0) {
      this.#ask(child, this.#loadRequest()).answer.catch(() => {});
    }
    return child;
  }

  #listen(child: Child): void {
    child.stdin.on("error", () => {});
    child.once("error", (error) => this.#ended(child, `cannot be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      const end = () => {
        const last = code === 0 || this.#lastLine === "" ? "" : `: ${this.#lastLine}`;
        this.#ended(child, this.#reason ?? `ended with ${code ?? signal}${last}`);
      };
      // What it wrote before its end says why. What it has started may keep the streams open.
      child.once("close", end);
      setTimeout(end, LAST_WORDS_MS).unref();
    });
    readLines(child.stdout, {
      longest: (start) => start.startsWith(this.#mark) ? MAX_ANSWER : MAX_PRINTED,
      take: (line, isCut) => this.#hear(line, isCut),
    });
    readLines(child.stderr, {
      longest: () => MAX_PRINTED,
      take: (line) => this.#logPrinted(line),
    });
  }

  #ended(which: Child, why: string): void {
    if (this.#child !== which) return;
    const { name, log } = this.#settings;
    this.#child = undefined;
    this.#cpuBefore += this.#cost.cpu;
    this.#pause = restartPause(this.#pause, performance.now() - this.#started);
    this.#blockedUntil = performance.now() + this.#pause;
    const error = badData(`the process of ${name} ${why}`);
    this.#requests.failAll(error);
    if (this.#closed) return;
    this.#restarts++;
    log().warn(`${error.message}; it is started again in ${this.#pause / 1000} s`);
  }

  #killFor(why: string): void {
    if (this.#child === undefined) return;
    this.#reason = why;
    killGroup(this.#child);
    setTimeout((killed) => this.#abandon(killed), KILLED_MS, this.#child).unref();
  }

  #abandon(killed: Child): void {
    if (this.#child !== killed) return;
    this.#stuck.abandoned(killed, this.#at);
    killed.stdin.destroy();
    killed.stdout.destroy();
    killed.stderr.destroy();
    this.#ended(killed, `${this.#reason}, which does not end it`);
  }

  #loadRequest(): PluginProcessRequest {
    return { do: "load", as: this.#settings.loads, ...this.#loading };
  }

  #ask(to: Child, request: PluginProcessRequest, taking?: Taking): Request {
    const sent = this.#requests.send(to.stdin, request, taking);
    this.#watchCost();
    return sent;
  }

  #hear(line: string, isCut: boolean): void {
    const isAnswer = line.startsWith(this.#mark) && !isCut;
    const answer = isAnswer ? answerFrom(line.slice(this.#mark.length)) : undefined;
    if (answer === undefined) return this.#logPrinted(line);
    if (answer.at !== undefined) {
      this.#at = answer.at;
      this.#onProgress();
    }
    if (answer.log === undefined) return this.#requests.settle(answer);
    const [level, text] = answer.log;
    this.#logged.say(this.#requests.logOf(answer) ?? this.#settings.log(), level, text);
  }

  /** Logs what plugins print themselves. */
  #logPrinted(line: string): void {
    const text = visible(line.trim());
    if (text === "") return;
    this.#lastLine = text.slice(0, MAX_LAST_LINE);
    const { log, name } = this.#settings;
    this.#printed.say(log(), "info", `${name} say: ${text}`);
  }

  /** Kills the process where the work takes longer. `restarts` is given what begins the time again. */
  async #inTime<T>(
    work: Promise<T>,
    ms: number,
    late: () => string,
    restarts: (again: () => void) => void = () => {},
  ): Promise<T> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const why = late();
      this.#killFor(why);
      limit.reject(timedOut(`The process of ${this.#settings.name} ${why}`));
    }, ms);
    restarts(() => timer.refresh());
    try {
      return await Promise.race([work, limit.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #watchCost(): void {
    if (this.#costTimer !== undefined) return;
    this.#costTimer = setTimeout(() => {
      this.#costTimer = undefined;
      if (this.#child === undefined) return;
      const why = this.#cost.check(this.#child.pid);
      if (why !== undefined) this.#killFor(why);
      if (this.#requests.size > 0) this.#watchCost();
    }, COST_MS);
    this.#costTimer.unref();
  }

  async #abortable(
    request: PluginProcessRequest,
    signal: AbortSignal,
    taking?: Taking,
  ): Promise<unknown> {
    const to = this.#alive();
    const { id, answer } = this.#ask(to, request, taking);
    const late = Promise.withResolvers<never>();
    const onAbort = () => {
      this.#requests.forget(id);
      late.reject(signal.reason);
      if (this.#child === to) this.#abort(to, id);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      late.promise.catch(() => {});
      answer.catch(() => {});
    }
  }

  /** Sends an abort, and a question that a process answers which is not stuck in a plugin. */
  #abort(to: Child, id: number): void {
    this.#ask(to, { do: "abort", run: id }).answer.catch(() => {});
    this.#inTime(
      this.#ask(to, { do: "ping" }).answer,
      ALIVE_MS,
      () => `was killed: ${this.#at} did not let it go on`,
    ).catch(() => {});
  }
}
