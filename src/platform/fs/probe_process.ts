/**
 * The process that asks file systems which can hang: this very program, started again. It is reused
 * while it answers, killed and replaced when it does not. A file system that hangs costs one process
 * at most, since one that cannot be killed is never asked again before it is gone.
 */

import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { noData, timedOut } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { processes } from "../runtime/node_modules.ts";
import { safeEnvironment } from "../exec/environment.ts";
import { selfCommand } from "../runtime/self_command.ts";
import { StuckPaths } from "./stuck_paths.ts";
import { PROBE_WORD, type ProbeAnswer, type Question } from "./probe_child.ts";
import { tunedEnvironment } from "../memory/reexec.ts";

interface ProbeProcess {
  /** Throws `timeout` where the file system does not answer, `no-data` where it says no. */
  ask(what: Question, path: string, signal: AbortSignal): Promise<unknown>;
}

/** Seconds for an answer. */
const PATIENCE = 2;
/** Seconds without a question after which the process is let go. */
const IDLE = 60;

type Child = ChildProcessByStdio<Writable, Readable, null>;

export function createProbeProcess(
  clock: Clock,
  command = [...selfCommand(), PROBE_WORD],
  patience = PATIENCE,
): ProbeProcess {
  return new ReusedProcess(clock, command, patience);
}

class ReusedProcess implements ProbeProcess {
  readonly #command: readonly string[];
  readonly #patience: number;
  readonly #stuck: StuckPaths;
  #child: Child | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Questions are asked one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, command: readonly string[], patience: number) {
    this.#command = command;
    this.#patience = patience;
    this.#stuck = new StuckPaths(clock);
  }

  ask(what: Question, path: string, signal: AbortSignal): Promise<unknown> {
    const mine = this.#last.then(() => this.#askNow(what, path, signal));
    this.#last = mine.catch(() => {});
    return mine;
  }

  async #askNow(what: Question, path: string, signal: AbortSignal): Promise<unknown> {
    const refusal = this.#stuck.refusal(path) ??
      (signal.aborted ? timedOut(`No time to ask ${path}`) : undefined);
    if (refusal !== undefined) throw refusal;
    clearTimeout(this.#idle);
    const child = this.#child ??= this.#started();
    const answer = await this.#answerOf(child, `${what} ${JSON.stringify(path)}\n`, path, signal);
    this.#stuck.answered(path);
    this.#idle = setTimeout(() => this.#letGo(), IDLE * 1000);
    this.#idle.unref();
    if ("error" in answer) throw noData(`cannot ask ${path}: ${answer.error}`);
    return answer.value;
  }

  #started(): Child {
    const [program, ...args] = this.#command;
    const fresh = processes().spawn(program, args, {
      env: tunedEnvironment(safeEnvironment()),
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    fresh.stdin.on("error", () => {});
    fresh.on("error", () => {});
    fresh.once("exit", () => this.#forget(fresh));
    fresh.unref();
    return fresh;
  }

  #forget(child: Child): void {
    if (this.#child === child) this.#child = undefined;
  }

  #letGo(): void {
    this.#child?.stdin.end();
    this.#child = undefined;
  }

  #giveUp(hung: Child, path: string): void {
    this.#forget(hung);
    this.#stuck.hangs(path, hung);
    hung.kill("SIGKILL");
    hung.stdin.destroy();
    hung.stdout.destroy();
  }

  #answerOf(child: Child, question: string, path: string, signal: AbortSignal) {
    return new Promise<ProbeAnswer>((resolve, reject) => {
      let text = "";
      const finish = (end: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        child.stdout.off("data", onData);
        child.off("exit", onExit);
        child.off("error", onExit);
        end();
      };
      const late = (when: string) =>
        finish(() => {
          this.#giveUp(child, path);
          reject(timedOut(`${path} did not answer ${when}`));
        });
      const onData = (chunk: unknown) => {
        text += chunk;
        if (text.endsWith("\n")) finish(() => resolve(JSON.parse(text) as ProbeAnswer));
      };
      const onExit = (why?: unknown) => {
        this.#forget(child);
        const cause = why instanceof Error ? why : undefined;
        finish(() => reject(noData(`the process that asks about ${path} ended`, cause)));
      };
      const onAbort = () => late("in time");
      const timer = this.#patience === Infinity
        ? undefined
        : setTimeout(() => late(`within ${this.#patience} s`), this.#patience * 1000);
      signal.addEventListener("abort", onAbort, { once: true });
      child.stdout.on("data", onData);
      child.once("exit", onExit);
      child.once("error", onExit);
      child.stdin.write(question);
    });
  }
}
