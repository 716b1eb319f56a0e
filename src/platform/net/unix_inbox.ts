/**
 * A unix socket that takes datagrams. Under Bun the C library makes it, and the runtime reads it as it reads a
 * connection: each read is one datagram. Deno has it as an unstable interface of its own.
 */

import { accessSync, constants, lstatSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { undelivered } from "../../core/errors.ts";
import type { UnixPlace } from "../../ports/net.ts";
import { giveSocket, kindOf, makeFolder, removeIf } from "../access/safe_open.ts";
import { type BunSocket, bunSockets } from "../runtime/bun_sockets.ts";
import { type UnixCalls, unixCalls } from "./unix_bind.ts";
import { MAX_PATH_BYTES } from "./unix_datagram.ts";

type Receive = (datagram: Uint8Array) => void;
/** Reads what comes to a socket that it has made at the path, until the returned function is called. */
type Open = (path: string, receive: Receive) => Promise<() => void>;

const FOLDER_MODE = 0o755;
/** Until it has its mode no other user is let in. */
const NOBODY_ELSE = 0o177;
const AS_IT_COMES = { uid: -1, gid: -1 };
/** Of a socket that could not be read again. */
const RETRY_MS = 1000;

/** Throws `undelivered` where it cannot listen. */
export async function listenUnix({ path, mode }: UnixPlace, receive: Receive): Promise<() => void> {
  try {
    const open = opener();
    makeFolder(dirname(path), FOLDER_MODE, AS_IT_COMES);
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    removeStale(path);
    const umask = process.umask(NOBODY_ELSE);
    const opened = open(path, receive);
    process.umask(umask);
    const close = await opened;
    try {
      giveSocket(path, mode, AS_IT_COMES);
    } catch (error) {
      close();
      throw error;
    }
    const { ino } = lstatSync(path);
    return () => {
      close();
      try {
        removeIf(path, (entry) => entry.isSocket() && entry.ino === ino);
      } catch {
        // The folder is not ours any more; the next start removes it.
      }
    };
  } catch (error) {
    throw undelivered(`cannot listen at ${path}`, error);
  }
}

function opener(): Open {
  if (bunSockets === undefined) return openWithDeno;
  const calls = unixCalls();
  if (calls === undefined) throw new Error("datagrams at a unix socket are read on Linux only");
  return (path, receive) => openWithBun(calls, path, receive);
}

/** A socket that no program reads is of one that was killed. */
function removeStale(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) throw new Error(`there is ${kindOf(there)} already, not a socket`);
  if (isAnswered(path)) throw new Error("another program listens there");
  removeIf(path, (entry) => entry.isSocket());
}

/** A connection shows one in another container too, the kernel's table one of another kind. */
function isAnswered(path: string): boolean {
  if (unixCalls()?.reaches(path)) return true;
  return readFileSync("/proc/net/unix", "utf8").split("\n").some((line) =>
    line.endsWith(` ${path}`)
  );
}

async function openWithBun(
  calls: UnixCalls,
  path: string,
  receive: Receive,
): Promise<() => void> {
  const descriptor = calls.bind(path);
  if (descriptor < 0) {
    throw new Error(`the system makes no socket there; a path may have ${MAX_PATH_BYTES} bytes`);
  }
  let isOpen = true;
  let reader: BunSocket | undefined;
  const read = async () => {
    reader = await bunSockets!.connect({
      fd: calls.duplicate(descriptor),
      socket: {
        data: (_, bytes) => receive(bytes.slice()),
        // An empty datagram looks like the end of a connection.
        close: () => void (isOpen && read().catch(again)),
        error() {},
      },
    });
    reader.unref();
  };
  const again = () => void setTimeout(() => isOpen && read().catch(again), RETRY_MS).unref();
  const close = () => {
    isOpen = false;
    reader?.close();
    calls.close(descriptor);
  };
  try {
    await read();
  } catch (error) {
    close();
    throw error;
  }
  return close;
}

interface DenoDatagrams {
  receive(into: Uint8Array): Promise<[Uint8Array, unknown]>;
  unref(): void;
  close(): void;
}
interface DenoSockets {
  listenDatagram?(at: { transport: "unixpacket"; path: string }): DenoDatagrams;
}

const MAX_DATAGRAM = 65_536;

// deno-lint-ignore require-await -- what it throws is a rejection
async function openWithDeno(path: string, receive: Receive): Promise<() => void> {
  const { Deno } = globalThis as { Deno?: DenoSockets };
  const socket = Deno?.listenDatagram?.({ transport: "unixpacket", path });
  if (socket === undefined) throw new Error("Deno needs --unstable-net for it");
  socket.unref();
  void readAll(socket, receive);
  return () => socket.close();
}

async function readAll(socket: DenoDatagrams, receive: Receive): Promise<void> {
  const buffer = new Uint8Array(MAX_DATAGRAM);
  try {
    for (;;) {
      const [bytes] = await socket.receive(buffer);
      if (bytes.length > 0) receive(bytes.slice());
    }
  } catch {
    // It was closed.
  }
}
