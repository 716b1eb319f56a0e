/** Formats the sources: `npm run format`. */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { deno, ensurePackages, root } from "./tools.mjs";

ensurePackages();
process.exit(
  spawnSync(deno(), ["fmt", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" }).status ?? 1,
);
