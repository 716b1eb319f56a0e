/**
 * What the kernel knows of a socket by its descriptor, and does to it, without the runtime's sockets.
 * Undefined where the C library is out of reach.
 */

import type { Socket } from "node:net";
import { libc } from "../runtime/libc.ts";
import { once } from "../runtime/once.ts";

export interface SocketCalls {
  /** Another descriptor of the same socket, which no child inherits; below 0 where there is none. */
  duplicate(descriptor: number): number;
  /** How many bytes the kernel took: none where its buffer is full, or the connection broke. */
  send(descriptor: number, bytes: Uint8Array): number;
  /** What the peer has sent meanwhile is read, and given to `hear`. `finished`: this side has said that it was all. */
  state(
    descriptor: number,
    finished: boolean,
    hear: (bytes: Uint8Array) => void,
  ): "open" | "ended" | "broken";
  /** Bytes that the peer's system has not acknowledged; undefined where the kernel does not say. */
  unacknowledged(descriptor: number): number | undefined;
  /** Bytes that the peer has room for, as it said last; undefined where the kernel does not say. */
  window(descriptor: number): number | undefined;
  /** Milliseconds since the peer's system sent anything; undefined where the kernel does not say. */
  silence(descriptor: number): number | undefined;
  /** Tells the peer that this was all. */
  finish(descriptor: number): void;
  close(descriptor: number): void;
  /** Closes it and discards what the kernel still holds for the peer, which sees a reset. */
  reset(descriptor: number): void;
}

/** Source: fcntl(2). */
export const DUPLICATE_CLOSED_IN_CHILDREN = 1030;
/** Source: send(2): MSG_DONTWAIT, MSG_NOSIGNAL. */
const AT_ONCE = 0x40;
export const AT_ONCE_WITHOUT_SIGNAL = AT_ONCE | 0x4000;
/** Source: poll(2). */
const READABLE = 1;
const FAILED = 8 | 32;
const HUNG_UP = 16;
const PEER_FINISHED = 0x2000;
/** Source: SIOCOUTQ in tcp(7). */
const BYTES_UNACKNOWLEDGED = 0x5411;
/** Source: tcp(7); struct tcp_info in linux/tcp.h: its size, and where its fields lie, in numbers of four bytes. */
const TCP_LEVEL = 6;
const TCP_INFO = 11;
const INFO_NUMBERS = 64;
const LAST_RECEIVED = 14;
const PEER_WINDOW = 57;
/** Source: shutdown(2), socket(7). */
const WRITING = 1;
const SOCKET_LEVEL = 1;
const LINGER = 13;
const LINGER_BYTES = 8;
/** A peer that talks all the time is not listened to for longer. */
const MAX_READS = 16;
const READ_BYTES = 4096;

/** Of a socket of the runtime's; below 0 where it does not say. */
export function descriptorOf(socket: Socket): number {
  const descriptor = (socket as { _handle?: { fd?: unknown } | null })._handle?.fd;
  return typeof descriptor === "number" ? descriptor : -1;
}

export const socketCalls = once(open);

function open(): SocketCalls | undefined {
  const kernel = libc({
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
    recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    shutdown: { args: ["i32", "i32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  if (kernel === undefined) return undefined;
  const answer = new Int32Array(1);
  /** struct pollfd: the descriptor; what is asked for, in the lower half of the other number, and what came of it. */
  const request = new Int32Array(2);
  const heard = new Uint8Array(READ_BYTES);
  const info = new Int32Array(INFO_NUMBERS);
  const infoBytes = new Int32Array(1);
  /** On, for no time. */
  const noLinger = new Int32Array([1, 0]);

  function eventsOf(descriptor: number): number {
    request[0] = descriptor;
    request[1] = READABLE | PEER_FINISHED;
    return kernel!.poll(request, 1, 0) > 0 ? request[1] >>> 16 : 0;
  }

  function drain(descriptor: number, hear: (bytes: Uint8Array) => void): void {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const count = kernel!.recv(descriptor, heard, heard.length, AT_ONCE);
      if (count > 0) hear(heard.subarray(0, count));
      if (count < heard.length) return;
    }
  }

  /** Undefined where the kernel is too old for it. */
  function infoOf(descriptor: number, at: number): number | undefined {
    infoBytes[0] = info.byteLength;
    const failed = kernel!.getsockopt(descriptor, TCP_LEVEL, TCP_INFO, info, infoBytes) !== 0;
    return failed || infoBytes[0] < 4 * (at + 1) ? undefined : info[at];
  }

  return {
    duplicate: (descriptor) => kernel.fcntl(descriptor, DUPLICATE_CLOSED_IN_CHILDREN, 0),
    send: (descriptor, bytes) =>
      Math.max(0, kernel.send(descriptor, bytes, bytes.length, AT_ONCE_WITHOUT_SIGNAL)),
    state(descriptor, finished, hear) {
      const events = eventsOf(descriptor);
      if (events === 0) return "open";
      if ((events & READABLE) !== 0) drain(descriptor, hear);
      // An error is returned once, to the first call that comes; that nothing goes either way stays.
      if ((events & FAILED) !== 0 || (!finished && (events & HUNG_UP) !== 0)) return "broken";
      if ((events & (PEER_FINISHED | HUNG_UP)) !== 0) return "ended";
      return "open";
    },
    unacknowledged: (descriptor) =>
      kernel.ioctl(descriptor, BYTES_UNACKNOWLEDGED, answer) === 0 ? answer[0] : undefined,
    window: (descriptor) => infoOf(descriptor, PEER_WINDOW),
    silence: (descriptor) => infoOf(descriptor, LAST_RECEIVED),
    finish: (descriptor) => void kernel.shutdown(descriptor, WRITING),
    close: (descriptor) => void kernel.close(descriptor),
    reset(descriptor) {
      kernel.setsockopt(descriptor, SOCKET_LEVEL, LINGER, noLinger, LINGER_BYTES);
      kernel.close(descriptor);
    },
  };
}
