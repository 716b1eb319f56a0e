/**
 * Three handlers, one dead, one whose peer reads a byte a second, one healthy: the healthy one's
 * points all arrive within one tick of their slot.
 *
 *     npm run long -- isolation [--seconds 600] [--points 1000]
 */

import { agent, freePort, until } from "../harness/agent_process.ts";
import {
  compare,
  complaints,
  fault,
  flag,
  growingHost,
  planAgent,
  receiver,
  sleep,
  timestampOf,
} from "./fault.ts";
import { trickle } from "./proxy.ts";

const seconds = flag("seconds", 600);
const points = flag("points", 1000);

await fault("isolation", async (directory) => {
  const host = growingHost(directory, points);
  const healthy = await receiver();
  const slow = await trickle(0);
  slow.become("trickle");
  const plan = planAgent({
    directory,
    procfs: host.procfs,
    handlers: {
      "GraphiteHandler dead": `host = 127.0.0.1\nport = ${await freePort()}`,
      "GraphiteHandler slow": `host = 127.0.0.1\nport = ${slow.port}`,
      "GraphiteHandler healthy": `host = 127.0.0.1\nport = ${healthy.port}`,
    },
  });
  const running = plan.start();
  await until("it collects", () => plan.lines().length > 0);
  const first = Math.ceil(Date.now() / 1000) + 1;
  await sleep(seconds * 1000);
  const last = Math.floor(Date.now() / 1000) - 2;
  const status = JSON.parse(agent(["status", "-c", plan.config, "--json"]).stdout);
  const lines = plan.lines().filter((line) => {
    const stamp = timestampOf(line);
    return stamp >= first && stamp <= last;
  });
  const delays = lines.map((line) => (healthy.arrived(line) ?? Infinity) / 1000 - timestampOf(line))
    .sort((a, b) => a - b);
  const { lost } = compare(lines, healthy.lines);
  console.log(
    `  ${seconds} s, ${lines.length} points of the healthy one: ${lost.length} missing, delay after the slot ` +
      `${delays[delays.length >> 1].toFixed(3)} s median, ${delays.at(-1)!.toFixed(3)} s at most`,
  );
  for (const { name, state, delivered, queued, spooled } of status.handlers) {
    console.log(
      `  ${name}: ${state}, ${delivered} delivered, ${queued} in memory, ${spooled} on disk`,
    );
  }
  console.log(`  RSS ${Math.round(status.rss / 1_048_576)} MB`);
  const problems: string[] = [];
  if (lost.length > 0) problems.push(`missing: ${lost[0]}`);
  if (delays.at(-1)! > 1) problems.push("some came later than a tick");
  // What a peer that hardly reads is said to have must have room in the kernels' buffers.
  const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0) / lines.length;
  const slowly = status.handlers.find(({ name }: { name: string }) => name.endsWith("slow"));
  if (slowly.delivered * bytes > 12_000_000) problems.push("the slow one is said to have it all");
  const missing = status.handlers.filter((one: { imbalance: number }) => one.imbalance !== 0);
  if (missing.length > 0) problems.push(`ledger are out: ${JSON.stringify(missing)}`);
  if (await running.end() !== 0) problems.push("the stop failed");
  problems.push(...complaints(running.output()));
  slow.close();
  host.stop();
  await healthy.close();
  return problems;
});
