/**
 * Whether something was mounted or unmounted. The table of mounts is the most expensive file that is read at
 * every tick. The kernel reports a change to a poll of its descriptor, so it is read again only then.
 * Source: proc_pid_mounts(5).
 */

import { libc } from "../runtime/libc.ts";

/** Source: poll(2). */
const POLLPRI = 2;

export interface MountWatch {
  /** Also true where that is unknown. Returns true once for each change. */
  hasChanged(descriptor: number): boolean;
}

export function createMountWatch(): MountWatch {
  const kernel = libc({ poll: { args: ["ptr", "u64", "i32"], returns: "i32" } });
  /** struct pollfd: the descriptor; what is asked for, in the lower half of the other number, and what came of it. */
  const request = new Int32Array(2);
  return {
    hasChanged(descriptor) {
      if (kernel === undefined) return true;
      request[0] = descriptor;
      request[1] = POLLPRI;
      return kernel.poll(request, 1, 0) !== 0;
    },
  };
}
