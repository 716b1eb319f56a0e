/** The environment of children. */

import process from "node:process";

/** Variables that make a runtime load code; no child of ours needs them. */
const UNSAFE_VARIABLE = /^(BUN_|NODE_OPTIONS$|LD_|DYLD_|DENO_)/;

export function safeEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name, value]) =>
    value !== undefined && !UNSAFE_VARIABLE.test(name)
  );
  return Object.fromEntries(entries) as Record<string, string>;
}
