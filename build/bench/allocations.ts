/**
 * Runs many ticks, one after the other: the collectors that the bench compares with, on recorded hosts, to
 * lines for Graphite. How often the runtime collects young garbage meanwhile shows what a tick leaves
 * behind. The same program on the same fixtures allocates the same, whatever else the machine does, as long
 * as nothing is compiled meanwhile.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { singleRunner } from "../../src/agent/parts.ts";
import type { CollectorRunner } from "../../src/agent/runner_contract.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings } from "../../src/config/resolve.ts";
import { silentLog } from "../../src/ports/log.ts";
import { lineEncoder } from "../../src/formats/graphite_line.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import { COLLECTORS } from "./contenders.ts";

const FIXTURES = join(import.meta.dirname!, "../../test/collectors");
const TICKS = 6000;
/** Recordings lie in folders that are called like the collectors' files. */
const registry = readFileSync(
  join(import.meta.dirname!, "../../src/collectors/registry.ts"),
  "utf8",
);

const catalogue = { collectors, handlers };
const encode = lineEncoder();
const collections: CollectorRunner[] = [];
/** Seconds. */
let time = 0;
for (const name of COLLECTORS.map((short) => `${short}Collector`)) {
  const { collectors: [part] } = await emptySettings({ catalogue, only: [name] });
  const [, folder] = new RegExp(`${name}: .*/(\\w+)\\.ts"`).exec(registry) ?? [];
  const recordings = folder === undefined ? [] : readdirSync(join(FIXTURES, folder));
  if (recordings.length === 0) throw new Error(`${name} has no recorded host in ${FIXTURES}`);
  const label = recordings.includes("vm") ? "vm" : recordings.sort()[0];
  const host = recordedHost(join(FIXTURES, folder!, label));
  // A clock that stands still has no rates, and most metrics are rates.
  const clock = { ...host.clock, monotonic: () => time * 1000 };
  collections.push(await singleRunner(part, { ...host, clock }, silentLog));
}

async function tick(): Promise<void> {
  time += 10;
  for (const collection of collections) encode((await collection.run(time)).metrics);
}

for (let count = 0; count < TICKS; count++) await tick();
console.log(TICKS);
