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
/** Seconds until a file system that hung is asked again; doubling. */
const INITIAL_RETRY = 10;
const MAX_RETRY = 300;
/** Processes that hang and cannot be killed. */
const MAX_STUCK = 4;

type Child = ChildProcessByStdio<Writable, Readable, null>;

interface Stuck {
  alive: boolean;
  failures: number;
  retryAt: number;
}

export function createProbeProcess(
  clock: Clock,
  command = [...selfCommand(), PROBE_WORD],
  patience = PATIENCE,
): ProbeProcess {
  const stuck = new Map<string, Stuck>();
  let child: Child | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  /** Questions are asked one after the other. */
  let last: Promise<unknown> = Promise.resolve();

  function refusal(path: string): Error | undefined {
    const known = stuck.get(path);
    if (known?.alive) return timedOut(`${path} has not answered since it was asked last`);
    if (known !== undefined && clock.monotonic() < known.retryAt) {
      return timedOut(`${path} did not answer and is left alone for a while`);
    }
    const hanging = [...stuck].filter(([, { alive }]) => alive).map(([other]) => other);
    return hanging.length >= MAX_STUCK
      ? timedOut(`${path} is not asked while ${hanging.join(", ")} do not answer`)
      : undefined;
  }

  function started(): Child {
    const [program, ...args] = command;
    const fresh = processes().spawn(program, args, {
      env: tunedEnvironment(safeEnvironment()),
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
    });
    fresh.stdin.on("error", () => {});
    fresh.on("error", () => {});
    fresh.once("exit", () => {
      if (child === fresh) child = undefined;
    });
    fresh.unref();
    return fresh;
  }

  function letGo(): void {
    child?.stdin.end();
    child = undefined;
  }

  function giveUp(hung: Child, path: string): void {
    if (child === hung) child = undefined;
    const failures = (stuck.get(path)?.failures ?? 0) + 1;
    const wait = 1000 * Math.min(INITIAL_RETRY * 2 ** (failures - 1), MAX_RETRY);
    const entry: Stuck = { alive: true, failures, retryAt: clock.monotonic() + wait };
    stuck.set(path, entry);
    const killed = clock.monotonic();
    hung.once("exit", () => {
      entry.alive = false;
      // One that could not be killed is gone because its file system answers again.
      if (clock.monotonic() - killed > 1000) entry.retryAt = 0;
    });
    hung.kill("SIGKILL");
    hung.stdin.destroy();
    hung.stdout.destroy();
  }

  function answerOf(asked: Child, question: string, path: string, signal: AbortSignal) {
    return new Promise<ProbeAnswer>((resolve, reject) => {
      let text = "";
      const finish = (end: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        asked.stdout.off("data", onData);
        asked.off("exit", onExit);
        asked.off("error", onExit);
        end();
      };
      const late = (when: string) =>
        finish(() => {
          giveUp(asked, path);
          reject(timedOut(`${path} did not answer ${when}`));
        });
      const onData = (chunk: unknown) => {
        text += chunk;
        if (text.endsWith("\n")) finish(() => resolve(JSON.parse(text) as ProbeAnswer));
      };
      const onExit = (why?: unknown) => {
        if (child === asked) child = undefined;
        const error = noData(
          `the process that asks about ${path} ended`,
          why instanceof Error ? why : undefined,
        );
        finish(() => reject(error));
      };
      const onAbort = () => late("in time");
      const timer = patience === Infinity
        ? undefined
        : setTimeout(() => late(`within ${patience} s`), patience * 1000);
      signal.addEventListener("abort", onAbort, { once: true });
      asked.stdout.on("data", onData);
      asked.once("exit", onExit);
      asked.once("error", onExit);
      asked.stdin.write(question);
    });
  }

  async function askNow(what: string, path: string, signal: AbortSignal): Promise<unknown> {
    const no = refusal(path) ?? (signal.aborted ? timedOut(`No time to ask ${path}`) : undefined);
    if (no !== undefined) throw no;
    clearTimeout(idle);
    child ??= started();
    const answer = await answerOf(child, `${what} ${JSON.stringify(path)}\n`, path, signal);
    stuck.delete(path);
    idle = setTimeout(letGo, IDLE * 1000);
    idle.unref();
    if ("error" in answer) throw noData(`cannot ask ${path}: ${answer.error}`);
    return answer.value;
  }

  return {
    ask(what, path, signal) {
      const mine = last.then(() => askNow(what, path, signal));
      last = mine.catch(() => {});
      return mine;
    },
  };
}
