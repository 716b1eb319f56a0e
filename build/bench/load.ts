/**
 * Large hosts: how a collector's time grows with what there is. `load.ts KIND SIZE FOLDER` prints the
 * median milliseconds of a run; disks and processors are files in a folder, interfaces and processes
 * are real, made and taken away by whoever calls this.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { singleRunner } from "../../src/agent/parts.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings } from "../../src/config/resolve.ts";
import { silentLog } from "../../src/ports/log.ts";
import { lineEncoder } from "../../src/formats/graphite_line.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { createHost } from "../../src/platform/host.ts";
import { median, sleep } from "./processes.ts";

const RUNS = 40;
const WARM_RUNS = 20;
const PAUSE_MS = 25;
const INTERRUPTS = 200;

const [kind, size, folder] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const NAMES: Readonly<Record<string, readonly string[]>> = {
  interfaces: ["NetworkCollector"],
  disks: ["DiskUsageCollector"],
  processors: ["CPUCollector", "InterruptCollector"],
  processes: ["ProcessResourcesCollector"],
};

const isFixture = kind === "disks" || kind === "processors";
const root = join(folder, `root-${kind}-${size}`);
if (isFixture) writeFixture();
const real = createHost({ procfs: isFixture ? join(root, "proc") : "", sysfs: "", rootfs: "" });
/** A run a second, for whatever is not done in each. */
const host = { ...real, clock: { ...real.clock, monotonic: () => seconds * 1000 } };
let seconds = 0;
const settings = await emptySettings({
  catalogue: { collectors, handlers },
  only: [...NAMES[kind]],
});
const parts = settings.collectors.map((part) =>
  kind !== "processes" ? part : {
    ...part,
    options: { ...part.options, process: { load: { name: "^bun" } } },
  }
);
const collections = await Promise.all(parts.map((part) => singleRunner(part, host, silentLog)));
const encode = lineEncoder();

const times: number[] = [];
let points = 0;
for (let run = 0; run < WARM_RUNS + RUNS; run++) {
  const started = performance.now();
  seconds = run;
  points = 0;
  for (const collection of collections) {
    const { metrics, error } = await collection.run(1_700_000_000 + run);
    if (error !== undefined) throw error;
    points += metrics.length;
    encode(metrics);
  }
  if (run >= WARM_RUNS) times.push(performance.now() - started);
  await sleep(PAUSE_MS);
}
rmSync(root, { recursive: true, force: true });
console.log(JSON.stringify({ kind, size, points, milliseconds: median(times) }));
process.exit(0);

function writeFixture(): void {
  mkdirSync(join(root, "proc"), { recursive: true });
  const range = (count: number) => Array.from({ length: count }, (_, at) => at);
  const write = (name: string, text: string) => writeFileSync(join(root, "proc", name), text);
  if (kind === "disks") {
    const letters = (at: number) =>
      String.fromCharCode(97 + Math.floor(at / 676), 97 + Math.floor(at / 26) % 26, 97 + at % 26);
    const line = (at: number) =>
      ` 8 ${at} sd${letters(at)} 9 8 7654 321 1234 56 78901 234 0 567 890`;
    write("diskstats", range(size).map(line).join("\n") + "\n");
    return;
  }
  const cpu = (name: string) => `${name} 123456 789 12345 9876543 1234 0 567 0 0 0\n`;
  write("stat", ["cpu ", ...range(size).map((at) => `cpu${at}`)].map(cpu).join(""));
  const head = range(size).map((at) => `CPU${at}`).join(" ");
  const row = (at: number) => `${at}: ${range(size).join(" ")} PCI-MSI ${at}-edge device${at}`;
  write("interrupts", `  ${head}\n${range(INTERRUPTS).map(row).join("\n")}\n`);
}
