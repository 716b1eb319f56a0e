/** A host that remembers what is read of it, so that a value can be found where it came from. */

import type { Host } from "./host.ts";

export interface TracedHost {
  /** It removes and appends nothing: a run on it is one that the operator did not ask for. */
  readonly host: Host;
  /** What was read and asked since it was made, in order, each once. */
  sources(): readonly Source[];
}

export interface Source {
  /** `/proc/stat`, `smartctl -A /dev/sda`, `GET http://localhost/status`. */
  readonly what: string;
  /** What it said; absent where that is not text. */
  readonly text?: string;
}
