/**
 * A process with plugins, seen from the agent: started when it is first needed, started again with growing
 * pauses when it ends, killed when it does not answer, or takes more memory or time than it may. A new one
 * is first sent what it needs to know.
 */

import type { ChildProcessByStdio } from "node:child_process";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import type { PluginProcessFigures } from "../../ports/plugins.ts";
import { badData, Failure, timedOut } from "../../core/errors.ts";
import {
  ANSWER_MARK,
  type Emitted,
  type LoadContext,
  type LoadedModule,
  type ModuleFile,
  type PluginProcessAnswer,
  type PluginProcessRequest,
  type RunRequest,
} from "../../core/plugin_protocol.ts";
import { answerFrom, modulesFrom } from "../../core/plugin_answers.ts";
import { megabytes } from "../../core/units.ts";
import { visible } from "../../core/visible.ts";
import type { Log } from "../../ports/log.ts";
import { processes } from "../runtime/node_modules.ts";
import { killGroup, safeEnvironment } from "../exec/exec.ts";
import { tunedEnvironment } from "../memory/reexec.ts";
import { costOf } from "./process_cost.ts";
import { createLimitedLog } from "./limited_log.ts";
import { readLines } from "./read_lines.ts";
import { guardOfThisProcess } from "./signal_guard.ts";

export interface PluginProcessSettings {
  /** For the log and the agent's own metrics. */
  readonly name: string;
  readonly command: readonly string[];
  /** What the program reads before the first request. */
  readonly preamble?: string;
  readonly setup: PluginProcessRequest;
  /** What its files have, where that is not collectors. */
  readonly loads?: "handlers";
  /** Bytes, and percent of one processor over a minute. */
  readonly maxMemory: number;
  readonly maxCpu: number;
  log(): Log;
}

export interface PluginProcess {
  /** Loads the files, those that are new to it. Throws `timeout` where one of them does not let it go on. */
  load(files: readonly ModuleFile[], context?: LoadContext): Promise<readonly LoadedModule[]>;
  /** One run; `take` gets what it emits, as it comes, `own` what it logs. */
  run(
    request: RunRequest,
    take: (emits: readonly Emitted[]) => void,
    signal: AbortSignal,
    own: Log,
  ): Promise<void>;
  /** Any other request; when the signal is aborted, that is sent to the process, and it is killed if it does not answer. */
  call(request: PluginProcessRequest, signal: AbortSignal): Promise<unknown>;
  /** The files that each process loads when it starts. */
  willLoad(files: readonly ModuleFile[], context?: LoadContext): void;
  drop(instance: string): void;
  /** Another one for each process that was started. Starts one where none is. Throws while it is too early. */
  generation(): number;
  figures(): PluginProcessFigures;
  /** What the process was last known to be at: the file that it loads. */
  readonly at: string;
  /** Lets it put its states away, for a moment, and ends it. */
  close(): Promise<void>;
}

/** For one file to be loaded, and for a process that runs late to say that it is alive. */
const LOAD_MS = 10_000;
const ALIVE_MS = 1000;
/** For states to be put away at the end. */
const LAST_MOMENT_MS = 500;
const INITIAL_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 60_000;
/** A process that lasted so long begins with the first pause again. */
const SOUND_MS = 60_000;
/** Between looks at what it costs, while it works. */
const LOOK_MS = 1000;
const CPU_WINDOW_MS = 60_000;
/** Characters of an answer, and of another line of output, which is cut there. */
const MAX_ANSWER = 4_194_304;
const MAX_PRINTED = 2000;
const MAX_LAST_LINE = 200;
const LAST_WORDS_MS = 100;
/** Lines of a guest's own output that are logged in a minute. */
const PRINTED_A_MINUTE = 20;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  take?(emits: readonly Emitted[]): void;
  /** Of the collector that runs. */
  readonly own?: Log;
}

export function createPluginProcess(settings: PluginProcessSettings): PluginProcess {
  const { name, command, preamble, setup, loads, maxMemory, maxCpu, log } = settings;
  const waiting = new Map<number, Waiting>();
  let child: Child | undefined;
  let nextId = 1;
  /** For the process that comes after this one. */
  let loading: { files: readonly ModuleFile[] } & LoadContext = { files: [] };
  /** Called when the process gets on with what it loads. */
  let onProgress = () => {};
  let started = 0;
  let pause = 0;
  let blockedUntil = 0;
  let restarts = 0;
  let cpuBefore = 0;
  let closed = false;
  let at = "";
  let reason: string | undefined;
  let lastLine = "";
  let looks: { at: number; cpu: number }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const word = (setup as { word?: string }).word ?? "";
  const mark = ANSWER_MARK + word;
  const guard = guardOfThisProcess();
  const now = () => performance.now();
  const printed = createLimitedLog(name, now, PRINTED_A_MINUTE);
  const logged = createLimitedLog(name, now);

  function begin(): Child {
    const [program, ...args] = command;
    const fresh = processes().spawn(program, args, {
      env: tunedEnvironment(safeEnvironment()),
      stdio: ["pipe", "pipe", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    child = fresh;
    started = performance.now();
    reason = undefined;
    lastLine = "";
    looks = [];
    fresh.unref();
    fresh.stdin.on("error", () => {});
    fresh.once("error", (error) => ended(fresh, `cannot be started: ${error.message}`));
    fresh.once("exit", (code, signal) => {
      const end = () => {
        const last = code === 0 || lastLine === "" ? "" : `: ${lastLine}`;
        ended(fresh, reason ?? `ended with ${code ?? signal}${last}`);
      };
      // What it wrote before its end says why. What it has started may keep the streams open.
      fresh.once("close", end);
      setTimeout(end, LAST_WORDS_MS).unref();
    });
    const longest = (start: string) => start.startsWith(mark) ? MAX_ANSWER : MAX_PRINTED;
    readLines(fresh.stdout, { longest, take: hear });
    readLines(fresh.stderr, { longest: () => MAX_PRINTED, take: chat });
    if (preamble !== undefined) fresh.stdin.write(preamble);
    void ask(fresh, { ...setup, ...(guard && { guard }) }).catch((error) => {
      reason = `cannot be set up: ${error.message}`;
      killGroup(fresh);
    });
    if (loading.files.length > 0) {
      void ask(fresh, { do: "load", as: loads, ...loading }).catch(() => {});
    }
    return fresh;
  }

  /** Throws while it is too early to start it again. */
  function alive(): Child {
    if (child !== undefined) return child;
    if (closed) throw badData(`the process of ${name} is closed`);
    const wait = blockedUntil - performance.now();
    if (wait > 0) {
      throw badData(`the process of ${name} starts again in ${Math.ceil(wait / 1000)} s`);
    }
    return begin();
  }

  function ended(which: Child, why: string): void {
    if (child !== which) return;
    child = undefined;
    cpuBefore += looks.at(-1)?.cpu ?? 0;
    pause = performance.now() - started > SOUND_MS
      ? INITIAL_PAUSE_MS
      : Math.min(Math.max(pause * 2, INITIAL_PAUSE_MS), MAX_PAUSE_MS);
    blockedUntil = performance.now() + pause;
    const error = badData(`the process of ${name} ${why}`);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    if (closed) return;
    restarts++;
    log().warn(`${error.message}; it is started again in ${pause / 1000} s`);
  }

  function killFor(why: string): void {
    if (child === undefined) return;
    reason = why;
    killGroup(child);
  }

  function ask(
    to: Child,
    request: PluginProcessRequest,
    take?: Waiting["take"],
    own?: Log,
  ): Promise<unknown> & { id: number } {
    const id = nextId++;
    const answer = new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject, take, own });
    });
    to.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
    watch();
    return Object.assign(answer, { id });
  }

  function hear(line: string, isCut: boolean): void {
    const answer = line.startsWith(mark) && !isCut
      ? answerFrom(line.slice(mark.length))
      : undefined;
    if (answer === undefined) return chat(line);
    const { id, emits, result, error } = answer;
    if (answer.at !== undefined) {
      at = answer.at;
      onProgress();
    }
    const asked = id === undefined ? undefined : waiting.get(id);
    if (answer.log !== undefined) {
      const [level, text] = answer.log;
      return logged.say(asked?.own ?? log(), level, text);
    }
    if (asked === undefined) return;
    if (emits !== undefined) return asked.take?.(emits);
    waiting.delete(id!);
    if (error === undefined) asked.resolve(result);
    else asked.reject(failureOf(error));
  }

  /** What they print themselves. */
  function chat(line: string): void {
    const text = visible(line.trim());
    if (text === "") return;
    lastLine = text.slice(0, MAX_LAST_LINE);
    printed.say(log(), "info", `${name} say: ${text}`);
  }

  /** `restarts` is given what begins the time again. */
  async function inTime<T>(
    work: Promise<T>,
    ms: number,
    late: () => string,
    restarts: (again: () => void) => void = () => {},
  ): Promise<T> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const why = late();
      killFor(why);
      limit.reject(timedOut(`The process of ${name} ${why}`));
    }, ms);
    restarts(() => timer.refresh());
    try {
      return await Promise.race([work, limit.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  function watch(): void {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (child === undefined) return;
      look(child);
      if (waiting.size > 0) watch();
    }, LOOK_MS);
    timer.unref();
  }

  function look({ pid }: Child): void {
    const cost = costOf(pid);
    if (cost === undefined) return;
    const now = performance.now();
    looks = [...looks.filter((one) => now - one.at < CPU_WINDOW_MS), { at: now, cpu: cost.cpu }];
    if (cost.rss > maxMemory) {
      return killFor(
        `took ${megabytes(cost.rss)}, more than its ${megabytes(maxMemory)}, and was killed`,
      );
    }
    const spent = cost.cpu - looks[0].cpu;
    if (100_000 * spent > maxCpu * CPU_WINDOW_MS) {
      killFor(`took ${Math.round(spent)} s of processor time within a minute, and was killed`);
    }
  }

  async function abortable(
    request: PluginProcessRequest,
    signal: AbortSignal,
    take?: Waiting["take"],
    own?: Log,
  ): Promise<unknown> {
    const to = alive();
    const answer = ask(to, request, take, own);
    const late = Promise.withResolvers<never>();
    const onAbort = () => {
      waiting.delete(answer.id);
      late.reject(signal.reason);
      if (child !== to) return;
      ask(to, { do: "abort", run: answer.id }).catch(() => {});
      inTime(
        ask(to, { do: "ping" }),
        ALIVE_MS,
        () => `was killed: ${at} did not let it go on`,
      ).catch(() => {});
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

  return {
    async load(files, context = {}) {
      const to = alive();
      loading = { files, ...context };
      const answer = await inTime(
        ask(to, { do: "load", as: loads, ...loading }),
        LOAD_MS,
        () => `did not get through "${at}" within ${LOAD_MS / 1000} s, and was killed`,
        (again) => onProgress = again,
      );
      return modulesFrom(answer);
    },
    run: (request, take, signal, own) =>
      abortable({ do: "run", run: request }, signal, take, own).then(() => {}),
    call: abortable,
    willLoad: (files, context = {}) => void (loading = { files, ...context }),
    generation() {
      alive();
      return started;
    },
    drop(instance) {
      if (child !== undefined) ask(child, { do: "drop", instance }).catch(() => {});
    },
    figures() {
      const cost = costOf(child?.pid);
      return {
        name,
        rss: cost?.rss,
        cpuSeconds: cpuBefore + (cost?.cpu ?? 0),
        restarts,
      };
    },
    get at() {
      return at;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      const last = child;
      if (last === undefined) return;
      const ended = new Promise((resolve) => last.once("exit", resolve));
      last.ref();
      last.stdin.end();
      // It may be busy with something that never ends, and where that is a dead mount, not even a kill ends it.
      const late = setTimeout(() => killGroup(last), LAST_MOMENT_MS);
      const { promise: lost, resolve: giveUp } = Promise.withResolvers<void>();
      const stuck = setTimeout(giveUp, 2 * LAST_MOMENT_MS);
      await Promise.race([ended, lost]);
      clearTimeout(late);
      clearTimeout(stuck);
      // What it had started goes with it.
      killGroup(last);
      last.stdout.destroy();
      last.stderr.destroy();
      last.unref();
    },
  };
}

function failureOf(error: NonNullable<PluginProcessAnswer["error"]>): Failure {
  const { code = "bad-data", message, points, retryAfter } = error;
  return Object.assign(new Failure(code, message), { points, retryAfter });
}
