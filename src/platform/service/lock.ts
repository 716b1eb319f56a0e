/**
 * Locks that the kernel releases with the process: of a folder, which holds also between containers and whatever
 * path leads there, and of a name, for one network namespace.
 * Source: flock(2), whose locks the descriptor of a folder can have as well.
 */

import { closeSync, constants, fstatSync, openSync } from "node:fs";
import process from "node:process";
import { fnv1a } from "../../core/hash.ts";
import { askFirst } from "../far/far.ts";
import { listening } from "../net/listen.ts";
import { bunSockets } from "../runtime/bun_sockets.ts";
import { libc } from "../runtime/libc.ts";
import { net } from "../runtime/node_modules.ts";
import { once } from "../runtime/once.ts";

interface DenoFile {
  tryLockSync(exclusive: boolean): boolean;
}

const deno = (globalThis as {
  Deno?: { openSync(path: string, options: { read: boolean }): DenoFile };
}).Deno;

const kernel = once(() => libc({ flock: { args: ["i32", "i32"], returns: "i32" } }));
const SHARED = 1;
const EXCLUSIVE = 2;
const AT_ONCE = 4;
const UNLOCK = 8;

/** What is not referred to would be closed with the garbage. */
const held: unknown[] = [];
/** The folders that this process has, by device and number. */
const own = new Set<string>();

/** False where another process has it. True also where it cannot be opened, or the system has no such locks. */
export async function lockFolder(path: string): Promise<boolean> {
  let descriptor: number;
  try {
    askFirst(path);
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
  } catch {
    return true;
  }
  const { dev, ino } = fstatSync(descriptor);
  const name = `${dev}:${ino}`;
  const isLocked = !own.has(name) &&
    (flocked(path, descriptor) ?? (await lockName(`folder ${name}`)) !== false);
  if (!isLocked) {
    closeSync(descriptor);
    return own.has(name);
  }
  held.push(descriptor);
  own.add(name);
  return true;
}

/** Undefined where no call is to be had for it. */
function flocked(path: string, descriptor: number): boolean | undefined {
  if (deno !== undefined) {
    const file = deno.openSync(path, { read: true });
    held.push(file);
    return file.tryLockSync(true);
  }
  const flock = kernel()?.flock;
  if (flock === undefined || flock(descriptor, EXCLUSIVE | AT_ONCE) === 0) return flock && true;
  // Where another process has it, these would fail and succeed: where not, the file system has no such locks.
  const isBusy = flock(descriptor, SHARED | AT_ONCE) !== 0 && flock(descriptor, UNLOCK) === 0;
  return isBusy ? false : undefined;
}

/** False where another process has it; undefined where the system has no abstract sockets or named pipes. */
export async function lockName(name: string): Promise<boolean | undefined> {
  const address = addressOf(name);
  if (address === undefined) return undefined;
  try {
    held.push(await listen(address));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EADDRINUSE" ? false : undefined;
  }
}

/** No other process can listen there; connections are refused. */
async function listen(address: string): Promise<unknown> {
  if (bunSockets !== undefined) {
    const listener = bunSockets.listen({
      unix: address,
      allowHalfOpen: false,
      socket: { open: (socket) => socket.close(), data() {} },
    });
    listener.unref();
    return listener;
  }
  const server = net().createServer((socket) => socket.destroy());
  await listening(server, { path: address });
  return server;
}

/** Such addresses are short, and names need not be. */
function addressOf(name: string): string | undefined {
  const digest = ["a", "b"].map((salt) => fnv1a(salt + name).toString(16)).join("-");
  if (process.platform === "linux") return `\0diamond-agent-${digest}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\diamond-agent-${digest}` : undefined;
}
