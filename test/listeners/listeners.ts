/**
 * Listeners in front of a real carbon: what real clients send is read back, and what hostile peers send costs neither
 * memory nor a tick.
 *
 *     npm run long -- listeners [--only clients|floods] [--part 100]
 *
 * `--part`: percent of each flood. Needs Debian's graphite-carbon; clients of npm are put into build/cache.
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { fault, flag, sleep } from "../faults/fault.ts";
import { until } from "../harness/agent_process.ts";
import { noCarbon } from "../harness/carbon.ts";
import { canRun, CLIENTS, compare } from "./clients.ts";
import { FLOODS } from "./floods.ts";
import { type Site, startSite } from "./site.ts";

const only = process.argv[process.argv.indexOf("--only") + 1];
const part = flag("part", 100) / 100;
/** At any time; garbage of large bodies is in it until it is collected. */
const MAX_RESIDENT_MB = 160;
/** What a second flood leaves over the first one: as much garbage may wait. */
const MAX_GROWTH_MB = 32;
/** Seconds without a tick, on a machine whose processors are busy with the flood. */
const MAX_GAP = 3;

/** Megabytes: resident, and of them those that no file has. */
function memoryOf({ agent }: Site): { resident: number; anonymous: number } {
  const status = readFileSync(`/proc/${agent.pid}/status`, "utf8");
  const megabytes = (name: string) =>
    Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)![1]) / 1024;
  return { resident: megabytes("VmRSS"), anonymous: megabytes("RssAnon") };
}

const row = (...cells: (string | number)[]) =>
  console.log(`  ${cells.map((cell, at) => String(cell).padEnd(at === 0 ? 58 : 22)).join("")}`);

async function tryClients(site: Site): Promise<string[]> {
  const problems: string[] = [];
  row("client", "speaks", "to be stored", "stored");
  for (const client of CLIENTS) {
    if (!canRun(client)) {
      row(client.name, client.speaks, "not installed", "");
      continue;
    }
    await client.send(site);
    const last = { ...compare(client, site.carbon.stored) };
    await until("carbon has it", () => {
      Object.assign(last, compare(client, site.carbon.stored));
      return last.fault === undefined;
    }, 20).catch(() => problems.push(`${client.name}: ${last.fault}`));
    row(client.name, client.speaks, last.wanted, last.found);
  }
  return problems;
}

async function tryFloods(site: Site): Promise<string[]> {
  const problems: string[] = [];
  await sleep(5000);
  const shown = (memory: ReturnType<typeof memoryOf>) =>
    `${memory.resident.toFixed(0)} (${memory.anonymous.toFixed(0)}) MB`;
  row("flood", "sent, seconds", "resident (anonymous)", "at most", "ticks, longest gap");
  row("none", "", shown(memoryOf(site)));
  for (const { name, count, send } of FLOODS) {
    const left: number[] = [];
    for (let round = 0; round < 2; round++) {
      const [began, sent] = [Date.now(), Math.round(count * part)];
      let most = memoryOf(site);
      const timer = setInterval(() => {
        const now = memoryOf(site);
        if (now.resident > most.resident) most = now;
      }, 200);
      await send(site.ports, sent);
      const seconds = (Date.now() - began) / 1000;
      await sleep(6000);
      clearInterval(timer);
      const after = memoryOf(site);
      left.push(after.anonymous);
      const ticks = [...site.published("servers.web1.statsd.listener.samples").keys()]
        .filter((time) => time >= began / 1000);
      const gap = Math.max(...ticks.slice(1).map((time, at) => time - ticks[at]));
      row(
        name,
        `${sent}, ${seconds.toFixed(0)} s`,
        shown(after),
        shown(most),
        `${ticks.length}, ${gap} s`,
      );
      if (most.resident > MAX_RESIDENT_MB) problems.push(`${name}: ${shown(most)}`);
      if (gap > MAX_GAP) problems.push(`${name}: ${gap} s without a tick`);
    }
    const grown = left[1] - left[0];
    if (grown > MAX_GROWTH_MB) {
      problems.push(`${name}: ${grown.toFixed(0)} MB more after the second`);
    }
  }
  return problems;
}

await fault("listeners", async (directory) => {
  if (noCarbon) return [noCarbon];
  const site = await startSite(directory);
  const problems = [
    ...(only === "floods" ? [] : await tryClients(site)),
    ...(only === "clients" ? [] : await tryFloods(site)),
  ];
  const code = await site.agent.end();
  if (code !== 0) problems.push(`exit status ${code}`);
  await site.carbon.stop();
  return problems;
});
