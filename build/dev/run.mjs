/** Runs a script of this project under Bun: `node build/dev/run.mjs build/dev/gen.ts …`. */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { bun, ensurePackages, root } from "./tools.mjs";

ensurePackages();
const { status } = spawnSync(bun(), process.argv.slice(2), { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
