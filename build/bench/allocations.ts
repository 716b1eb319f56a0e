/**
 * Bytes that a tick leaves behind, by the runtime's own count: the collectors that the bench compares
 * with, on recorded hosts, to lines for Graphite. Prints one number. The same program on the same
 * fixtures allocates the same, whatever else the machine does, as long as nothing is compiled meanwhile.
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { singleCollection } from "../../src/agent/agent.ts";
import type { Collection } from "../../src/agent/collection.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings } from "../../src/config/resolve.ts";
import { silentLog } from "../../src/core/log.ts";
import { lineEncoder } from "../../src/formats/graphite_line.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import { COLLECTORS } from "./contenders.ts";
import { median } from "./processes.ts";

const FIXTURES = join(import.meta.dirname!, "../../test/collectors");
const WARM_TICKS = 50;
const BATCHES = 9;
const BATCH_TICKS = 20;

/** Bun's own module, which has no types here. */
const runtime: string = "bun:jsc";
const { heapStats, fullGC } = await import(runtime) as {
  heapStats(): { readonly heapSize: number };
  fullGC(): void;
};

const catalogue = { collectors, handlers };
const encode = lineEncoder();
const collections: Collection[] = [];
for (const name of COLLECTORS.map((short) => `${short}Collector`)) {
  const { collectors: [part] } = await emptySettings({ catalogue, only: [name] });
  const folder = readdirSync(FIXTURES).find((entry) => entry === part.collector.path);
  const recordings = folder === undefined ? [] : readdirSync(join(FIXTURES, folder));
  if (recordings.length === 0) throw new Error(`${name} has no recorded host in ${FIXTURES}`);
  const label = recordings.includes("vm") ? "vm" : recordings.sort()[0];
  const recording = join(FIXTURES, folder!, label);
  collections.push(await singleCollection(part, recordedHost(recording), silentLog));
}

let time = 0;
async function tick(): Promise<void> {
  time += 10;
  for (const collection of collections) encode((await collection.run(time)).metrics);
}

for (let count = 0; count < WARM_TICKS; count++) await tick();
const batches: number[] = [];
for (let batch = 0; batch < BATCHES; batch++) {
  fullGC();
  const before = heapStats().heapSize;
  for (let count = 0; count < BATCH_TICKS; count++) await tick();
  batches.push((heapStats().heapSize - before) / BATCH_TICKS);
}
console.log(Math.round(median(batches)));
