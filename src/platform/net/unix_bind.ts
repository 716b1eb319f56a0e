/**
 * Makes a unix socket that takes datagrams, by the C library: no runtime does.
 * Source: unix(7), bind(2), connect(2).
 */

import { systemCalls } from "../runtime/libc.ts";
import { once } from "../runtime/once.ts";
import { DUPLICATE_CLOSED_IN_CHILDREN } from "./socket_calls.ts";
import { DATAGRAMS, UNIX, unixAddress } from "./unix_datagram.ts";

export interface UnixCalls {
  /** The descriptor of a new socket, whose reads never wait; below 0 where there is none. */
  bind(path: string): number;
  /** Whether a socket of datagrams at the path is open. */
  reaches(path: string): boolean;
  /** Another descriptor of the same socket, which no child inherits. */
  duplicate(descriptor: number): number;
  close(descriptor: number): void;
}

/** Source: socket(2): SOCK_NONBLOCK. */
const WITHOUT_WAITING = 0o4000;

/** Undefined where the C library is out of reach. */
export const unixCalls = once((): UnixCalls | undefined => {
  const kernel = systemCalls({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  if (kernel === undefined) return undefined;
  /** A new socket, after `bind` or `connect` to the path; below 0 where that failed. */
  const socketAt = (path: string, call: "bind" | "connect") => {
    const place = unixAddress(path);
    if (place === undefined) return -1;
    const socket = kernel.socket(UNIX, DATAGRAMS | WITHOUT_WAITING, 0);
    if (socket < 0 || kernel[call](socket, place, place.length) === 0) return socket;
    kernel.close(socket);
    return -1;
  };
  return {
    bind: (path) => socketAt(path, "bind"),
    reaches(path) {
      const socket = socketAt(path, "connect");
      if (socket >= 0) kernel.close(socket);
      return socket >= 0;
    },
    duplicate: (descriptor) => kernel.fcntl(descriptor, DUPLICATE_CLOSED_IN_CHILDREN, 0),
    close: (descriptor) => void kernel.close(descriptor),
  };
});
