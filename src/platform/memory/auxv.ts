/**
 * The auxiliary vector of this process. It is read once, before the user changes: the kernel shows the files of a
 * process that was root only to root.
 * Source: PR_SET_DUMPABLE in prctl(2), /proc/pid/auxv in proc(5).
 */

import { readFileSync } from "node:fs";
import { once } from "../runtime/once.ts";

export const OWN_AUXV = "/proc/self/auxv";

/** Undefined where the system has none. */
export const ownAuxv = once((): Uint8Array | undefined => {
  try {
    return readFileSync(OWN_AUXV);
  } catch {
    return undefined;
  }
});
