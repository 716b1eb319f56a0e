/**
 * Collectors against the services that they are for: `npm run long -- daemons [NAME…]`. Installs Debian's packages, starts each
 * service on a free port, and compares what the executable publishes with what the service's own client says.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { executable, root } from "../harness/agent_process.ts";
import type { Daemon } from "./daemon.ts";
import { install, installNpm, missing } from "./packages.ts";
import { type Findings, tried } from "./tried.ts";

const names = readdirSync(join(import.meta.dirname!, "services")).map((file) =>
  file.replace(/\.ts$/, "")
).sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")}. There are: ${names.join(" ")}`);
  process.exit(2);
}
if (!existsSync(executable)) {
  spawnSync(process.execPath, [join(root, "build/release/compile.ts"), "--host", "--no-compress"], {
    cwd: root,
    stdio: "inherit",
  });
}

const rows = [["service", "version", "published", "compared", "equal", "absent", "without it"]];
const remarks: string[] = [];
let failed = 0;
for (const name of asked.length > 0 ? asked : names) {
  process.stderr.write(`${name} …\n`);
  try {
    const daemon: Daemon = (await import(`./services/${name}.ts`)).default;
    install(daemon.packages);
    if (daemon.npm !== undefined) installNpm(daemon.npm);
    const lacking = missing(daemon.packages);
    if (lacking.length > 0) {
      rows.push([name, "-", "-", "-", "-", "-", `skipped: no ${lacking.join(", ")}`]);
      continue;
    }
    const findings = await tried(daemon);
    rows.push([name, ...row(findings)]);
    if (findings.wrong.length > 0) failed++;
    remarks.push(...findings.absent.map((text) => `${name}: absent, ${text}`));
    remarks.push(...findings.wrong.map((text) => `${name}: WRONG, ${text}`));
  } catch (error) {
    failed++;
    rows.push([name, "-", "-", "-", "-", "-", `FAILED: ${(error as Error).message.trim()}`]);
  }
}
const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
for (const row of rows) {
  console.log(row.map((cell, at) => cell.padEnd(widths[at] + 2)).join("").trim());
}
if (remarks.length > 0) console.log(`\n${remarks.join("\n")}`);
process.exit(failed > 0 ? 1 : 0);

function row({ version, published, compared, equal, absent, afterwards }: Findings): string[] {
  return [version, ...[published, compared, equal, absent.length].map(String), afterwards];
}
