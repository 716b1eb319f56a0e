/**
 * The pid file, and the lock that goes with it. The file is for init scripts; the lock is what keeps
 * a second instance out, also when the file is stale or gone: the kernel releases it with the process.
 */

import { chownSync, existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { configError } from "../../core/errors.ts";
import { fnv1a } from "../../core/hash.ts";
import { bunSockets } from "../runtime/bun_sockets.ts";
import { net } from "../runtime/node_modules.ts";
import { listening } from "../net/listen.ts";

/** Throws when the file names a process that lives. A stale file is removed; returns the dead pid. */
export function checkPidFile(path: string): number | undefined {
  const pid = readPid(path);
  if (pid === undefined || pid === process.pid) return undefined;
  if (isAlive(pid)) throw configError(`Already running: "${path}" names the live process ${pid}`);
  unlinkSync(path);
  return pid;
}

export function writePidFile(path: string, owner: { uid: number; gid: number }): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${process.pid}\n`);
    if (owner.uid >= 0 || owner.gid >= 0) chownSync(path, owner.uid, owner.gid);
  } catch (error) {
    throw configError(
      `Cannot write the pid file "${path}" (-p names another, --skip-pidfile does without)`,
      error,
    );
  }
}

/** Removes the file if it is ours. */
export function removePidFile(path: string): void {
  if (readPid(path) !== process.pid) return;
  try {
    unlinkSync(path);
  } catch {
    // Its directory may belong to root, the file itself is ours.
    try {
      writeFileSync(path, "");
    } catch {
      // The next start finds it stale.
    }
  }
}

/** The process that the file names; undefined where there is none. */
export function readPid(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const text = readFileSync(path, "utf8").trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Takes the lock for a pid file's path, for as long as this process lives. Throws when another
 * process has it. On systems without abstract sockets or named pipes the pid file alone must do.
 */
export async function takeLock(path: string): Promise<void> {
  const name = lockName(resolve(path));
  if (name === undefined) return;
  try {
    held.push(await hold(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return;
    throw configError(`Already running: another instance holds the lock of "${path}"`);
  }
}

/** Listeners that nobody refers to would be closed with the garbage. */
const held: unknown[] = [];

/** Nobody else can listen there; whoever connects is sent away. */
async function hold(name: string): Promise<unknown> {
  if (bunSockets !== undefined) {
    const listener = bunSockets.listen({
      unix: name,
      allowHalfOpen: false,
      socket: { open: (socket) => socket.close(), data() {} },
    });
    listener.unref();
    return listener;
  }
  const server = net().createServer((socket) => socket.destroy());
  await listening(server, { path: name });
  return server;
}

/** Such names are short, and paths need not be. */
function lockName(path: string): string | undefined {
  const digest = ["a", "b"].map((salt) => fnv1a(salt + path).toString(16)).join("-");
  if (process.platform === "linux") return `\0diamond-agent-${digest}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\diamond-agent-${digest}` : undefined;
}
