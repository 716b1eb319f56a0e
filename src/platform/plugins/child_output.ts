/** What a plugin process says to the agent: lines of JSON on stdout, each after the agent's word. */

import { writeSync } from "node:fs";
import process from "node:process";
import { codeOf, type Failure, messageOf } from "../../core/errors.ts";
import { ANSWER_MARK, type PluginProcessAnswer } from "../../core/plugin_protocol.ts";
import type { Log } from "../../ports/log.ts";

/** Characters of a text for the log. */
const MAX_TEXT = 4000;
const encoder = new TextEncoder();
/** Plugins print to the same stream: a line without the agent's word is not an answer. */
let mark = ANSWER_MARK;

export function useWord(word: string): void {
  mark = ANSWER_MARK + word;
}

/** Waits while the agent has no time to read. */
export function say(answer: PluginProcessAnswer): void {
  let bytes = encoder.encode(`${mark}${JSON.stringify(answer)}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return process.exit(0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Of a collector's run, or of a handler, whose process has its name. */
export function logOf(collector: string | undefined, id: number | undefined): Log {
  const prefix = collector === undefined ? "" : `${collector}: `;
  const at = (level: keyof Log) => (text: string) =>
    say({ id, log: [level, `${prefix}${text}`.slice(0, MAX_TEXT)] });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What collectors print is not an answer, and an uncaught error does not end the process. */
export function takeOverOutput(): void {
  const stray = (error: unknown) =>
    say({ log: ["error", `An error that nobody caught: ${withStack(error)}`] });
  process.on("uncaughtException", stray);
  process.on("unhandledRejection", stray);
}

function withStack(error: unknown): string {
  const text = error instanceof Error && error.stack ? error.stack : messageOf(error);
  return text.slice(0, MAX_TEXT);
}

/** An error as an answer, with what the agent asks about it besides its message. */
export function errorAnswer(error: unknown): NonNullable<PluginProcessAnswer["error"]> {
  const { points, retryAfter } = (error ?? {}) as Partial<Failure>;
  return {
    code: codeOf(error),
    message: messageOf(error),
    points: points as readonly number[] | number | undefined,
    retryAfter,
  };
}
