/** A host on which nothing is removed or written: for a run that the operator did not ask for. */

import type { Host } from "./host.ts";

export function readOnly(host: Host): Host {
  return {
    ...host,
    get cpus() {
      return host.cpus;
    },
    fs: { ...host.fs, remove() {}, append: () => ({ append() {}, close() {} }) },
  };
}
