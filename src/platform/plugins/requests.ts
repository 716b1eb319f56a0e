/** The requests that a plugin process has not answered yet. */

import type { Writable } from "node:stream";
import { Failure } from "../../core/errors.ts";
import type {
  Emitted,
  PluginProcessAnswer,
  PluginProcessRequest,
} from "../../core/plugin_protocol.ts";
import type { Log } from "../../ports/log.ts";

/** What a request takes besides its answer: what a run emits, as it comes, and the log of its collector. */
export interface Taking {
  take?(emits: readonly Emitted[]): void;
  readonly own?: Log;
}

interface Waiting extends Taking {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface Request {
  readonly id: number;
  readonly answer: Promise<unknown>;
}

export class Requests {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  get size(): number {
    return this.#waiting.size;
  }

  send(to: Writable, request: PluginProcessRequest, taking: Taking = {}): Request {
    const id = this.#nextId++;
    const { promise: answer, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { ...taking, resolve, reject });
    to.write(`${JSON.stringify({ id, ...request })}\n`);
    return { id, answer };
  }

  /** Its answer is of no use any more. */
  forget(id: number): void {
    this.#waiting.delete(id);
  }

  /** The log of the collector that a line belongs to. */
  logOf({ id }: PluginProcessAnswer): Log | undefined {
    return id === undefined ? undefined : this.#waiting.get(id)?.own;
  }

  settle({ id, emits, result, error }: PluginProcessAnswer): void {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (waiting === undefined) return;
    if (emits !== undefined) return waiting.take?.(emits);
    this.#waiting.delete(id!);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(failureOf(error));
  }

  failAll(error: Failure): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function failureOf(error: NonNullable<PluginProcessAnswer["error"]>): Failure {
  const { code = "bad-data", message, points, retryAfter } = error;
  return Object.assign(new Failure(code, message), { points, retryAfter });
}
