/** How to start ourselves again: compiled, or from source under Bun or Deno. */

import process from "node:process";
import { url } from "./builtin.ts";
import { stamp } from "./stamp.ts";

export function ownCommand(): string[] {
  if (stamp.compiled) return [process.execPath];
  const main = url().fileURLToPath(new URL("../main.ts", import.meta.url));
  return "deno" in process.versions
    ? [process.execPath, "run", "-A", main]
    : [process.execPath, main];
}
