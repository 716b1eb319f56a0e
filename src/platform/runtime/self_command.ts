/** How to start ourselves again: compiled, or from source under Bun or Deno. */

import process from "node:process";
import { url } from "./node_modules.ts";
import { buildInfo } from "./build_info.ts";

export function selfCommand(): string[] {
  if (buildInfo.compiled) return [process.execPath];
  const main = url().fileURLToPath(new URL("../../main.ts", import.meta.url));
  return "deno" in process.versions
    ? [process.execPath, "run", "-A", main]
    : [process.execPath, main];
}
