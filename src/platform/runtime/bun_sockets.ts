/**
 * Bun's own sockets, for the little that an agent does all day: a connection, and a door for its own
 * commands. node:net, which stands on streams, takes more than a megabyte and a tenth of the start.
 * Source: https://bun.com/docs/runtime/networking/tcp
 */

import process from "node:process";

export interface BunSocket<Data = undefined> {
  data: Data;
  readonly fd: number;
  /** How many bytes were taken; below 1 where there is no room, or no connection. */
  write(bytes: Uint8Array): number;
  /** Closes this side once all is out. */
  end(): void;
  close(): void;
  /** Does not keep the process alive. */
  unref(): void;
  /** Seconds without a byte until the handler `timeout` is called. */
  timeout(seconds: number): void;
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, milliseconds: number): void;
}

interface Handlers<Data> {
  open?(socket: BunSocket<Data>): void;
  data(socket: BunSocket<Data>, bytes: Uint8Array): void;
  drain?(socket: BunSocket<Data>): void;
  end?(socket: BunSocket<Data>): void;
  close?(socket: BunSocket<Data>): void;
  timeout?(socket: BunSocket<Data>): void;
  error?(socket: BunSocket<Data>, error: Error): void;
}

interface BunSockets {
  connect(
    to: ({ hostname: string; port: number } | { unix: string } | { fd: number }) & {
      socket: Handlers<undefined>;
    },
  ): Promise<BunSocket>;
  listen<Data>(
    at: { unix: string; allowHalfOpen: boolean; socket: Handlers<Data> },
  ): { stop(andConnections: boolean): void; unref(): void };
}

/** As much of `rest` as there is room for, and the end once all is out. Returns what has to wait. */
export function writeAndEnd(
  socket: Pick<BunSocket, "write" | "end">,
  rest: Uint8Array,
): Uint8Array {
  if (rest.length === 0) return rest;
  const left = rest.subarray(Math.max(0, socket.write(rest)));
  if (left.length === 0) socket.end();
  return left;
}

/** Undefined on other runtimes, and on Windows, where the door is a named pipe. */
export const bunSockets = process.platform === "win32"
  ? undefined
  : (globalThis as { Bun?: BunSockets }).Bun;
