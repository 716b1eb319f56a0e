/**
 * A datagram to a unix socket, which no runtime sends: by the C library, where that can be had.
 * Source: unix(7), sendto(2).
 */

import { libc } from "../runtime/libc.ts";
import { once } from "../runtime/once.ts";
import { AT_ONCE_WITHOUT_SIGNAL } from "./socket_calls.ts";

export const UNIX = 1;
/** A socket of datagrams that no child inherits. */
export const DATAGRAMS = 2 | 0o2000000;
/** Of struct sockaddr_un, without the zero at its end. */
export const MAX_PATH_BYTES = 107;

const kernel = once(() =>
  libc({
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  })
);

/** The address is a path, or a name behind an `@`. False where it did not get there. */
export function sendUnixDatagram(address: string, text: string): boolean {
  const calls = kernel();
  const place = unixAddress(address);
  if (calls === undefined || place === undefined) return false;
  const descriptor = calls.socket(UNIX, DATAGRAMS, 0);
  if (descriptor < 0) return false;
  const bytes = new TextEncoder().encode(text);
  const { length } = bytes;
  const sent = calls.sendto(descriptor, bytes, length, AT_ONCE_WITHOUT_SIGNAL, place, place.length);
  calls.close(descriptor);
  return sent === length;
}

/**
 * struct sockaddr_un, without what is behind the path: the family is a number of two bytes. Undefined where it is too
 * long.
 */
export function unixAddress(address: string): Uint8Array | undefined {
  const path = new TextEncoder().encode(address);
  if (path.length > MAX_PATH_BYTES) return undefined;
  const place = new Uint8Array(2 + path.length);
  new DataView(place.buffer).setUint16(0, UNIX, true);
  place.set(path, 2);
  if (address.startsWith("@")) place[2] = 0;
  return place;
}
