/** What this was built from. The build replaces the words; from source they say so. */

import process from "node:process";

declare const DIAMOND_VERSION: string | undefined;
declare const DIAMOND_COMMIT: string | undefined;
declare const DIAMOND_TARGET: string | undefined;

export const buildInfo = {
  version: typeof DIAMOND_VERSION === "string" ? DIAMOND_VERSION : "0.2.0",
  commit: typeof DIAMOND_COMMIT === "string" ? DIAMOND_COMMIT : "source",
  target: typeof DIAMOND_TARGET === "string"
    ? DIAMOND_TARGET
    : `${process.platform}-${process.arch}`,
  runtime: runtimeName(),
  /** One executable, not a runtime with sources. */
  compiled: typeof DIAMOND_TARGET === "string",
};

function runtimeName(): string {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
}
