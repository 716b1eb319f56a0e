/** `npm run fault -- NAME [--seconds N …]`: tries to break a promise; without a name it lists what there is. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bun, ensurePackages, root } from "./tools.mjs";

const folder = join(root, "test/faults");
const notFaults = ["fault.ts", "proxy.ts", "faults.test.ts"];
const [name, ...rest] = process.argv.slice(2);
ensurePackages();
if (name === undefined || !existsSync(join(folder, `${name}.ts`))) {
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".ts") || notFaults.includes(file)) continue;
    const doc = /^\/\*\*[\s*]*([\s\S]*?)\*\//.exec(readFileSync(join(folder, file), "utf8"))[1];
    console.log(
      `${file.slice(0, -3)}\n  ${
        doc.split("\n").map((line) => line.replace(/^ \* ?/, "")).join("\n  ").trim()
      }\n`,
    );
  }
  process.exit(name === undefined ? 0 : 2);
}
const executable = join(root, `build/out/diamond-agent-${process.platform}-${process.arch}`);
if (!existsSync(executable)) {
  spawnSync(bun(), ["build/release/compile.ts", "--host", "--no-compress"], {
    cwd: root,
    stdio: "inherit",
  });
}
const { status } = spawnSync(bun(), [join("test/faults", `${name}.ts`), ...rest], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
