/**
 * Carbon killed and restarted at random moments, politely and not, and a proxy that resets, swallows,
 * half-closes and trickles: nothing that was collected is lost.
 *
 *     npm run long -- carbon [--seconds 300] [--restarts 20] [--points 1000]
 */

import { join } from "node:path";
import { type Running, until } from "../harness/agent_process.ts";
import { type Carbon, carbonPorts, startCarbon } from "../harness/carbon.ts";
import {
  compare,
  complaints,
  fault,
  flag,
  growingHost,
  planAgent,
  random,
  receiver,
  sleep,
} from "./fault.ts";
import { type Mood, proxy, trickle } from "./proxy.ts";

const seconds = flag("seconds", 300);
const restarts = flag("restarts", 20);
const points = flag("points", 1000);

interface Result {
  readonly name: string;
  readonly figures: string;
  readonly problems: readonly string[];
}

/** Ends the agent in order. The problems that its log knows of. */
async function ended(running: Running): Promise<string[]> {
  const code = await running.end();
  return [...complaints(running.output()), ...(code === 0 ? [] : [`exit status ${code}`])];
}

async function withCarbon(
  directory: string,
  procfs: string,
  signal: NodeJS.Signals,
): Promise<Result> {
  const base = join(directory, signal);
  const ports = await carbonPorts();
  const begin = () => startCarbon(join(base, "carbon"), "^$", ports);
  let carbon: Carbon = await begin();
  const plan = planAgent({
    directory: base,
    procfs,
    handlers: { GraphiteHandler: `host = 127.0.0.1\nport = ${ports.line}` },
  });
  const running = plan.start();
  await until("it collects", () => plan.lines().length > 0);
  const end = Date.now() + seconds * 1000;
  for (let done = 0; done < restarts; done++) {
    const left = end - Date.now();
    await sleep(random(0.2, 1.6) * Math.max(left, 0) / (restarts - done));
    await carbon.stop(signal);
    await sleep(random(0, 3000));
    carbon = await begin();
  }
  await sleep(Math.max(0, end - Date.now()) + 15_000);
  const problems = await ended(running);
  const lines = plan.lines();
  const stamps = lines.map((line) => Number(line.split(" ")[2]));
  const [oldest, newest] = [Math.min(...stamps), Math.max(...stamps)];
  const missing = await until("carbon has written everything", () => {
    const stored = carbon.everything(oldest - 1, newest + 1);
    const lost = lines.filter((line) => {
      const [path, , stamp] = line.split(" ");
      return stored.get(path)?.has(Number(stamp)) !== true;
    });
    return lost.length === 0 || Date.now() > end + 90_000 ? { lost } : undefined;
  }, 200);
  await carbon.stop();
  const { lost } = missing;
  return {
    name: `carbon, ${restarts} times ${signal}`,
    figures: `${lines.length} points collected, ${lost.length} lost`,
    problems: lost.length === 0 ? problems : [...problems, `lost: ${lost[0]}`],
  };
}

async function withProxy(directory: string, procfs: string, mood: Mood): Promise<Result> {
  const base = join(directory, mood);
  const backend = await receiver();
  const between = await (mood === "trickle" ? trickle : proxy)(backend.port);
  const plan = planAgent({
    directory: base,
    procfs,
    handlers: { GraphiteHandler: `host = 127.0.0.1\nport = ${between.port}` },
  });
  const running = plan.start();
  const end = Date.now() + seconds * 1000;
  let times = 0;
  while (Date.now() < end) {
    await sleep(random(2000, 12_000));
    between.become(mood);
    times++;
    await sleep(mood === "trickle" ? 40_000 : 10_000);
    // What is stuck in it is lost, as with a proxy that is restarted; a slow one recovers. (What a
    // peer acknowledges, holds for longer than resend_seconds and then loses, nobody can know.)
    between.become(mood === "trickle" ? "pass" : "reset");
  }
  between.become("pass");
  // Stopped right after a reset, it would leave its last seconds in the spool, for the next start.
  await sleep(5000);
  await until(
    "everything is delivered",
    () => compare(plan.lines().slice(0, -5 * points), backend.lines).lost.length === 0,
    60,
  ).catch(() => {});
  const problems = await ended(running);
  await sleep(1000);
  const { collected, lost, again } = compare(plan.lines(), backend.lines);
  between.close();
  await backend.close();
  return {
    name: `proxy, ${times} times ${mood}`,
    figures: `${collected} points collected, ${lost.length} lost, ${again.length} sent again`,
    problems: lost.length === 0 ? problems : [...problems, `lost: ${lost[0]}`],
  };
}

await fault("carbon", async (directory) => {
  const host = growingHost(directory, points);
  const results = await Promise.all([
    withCarbon(directory, host.procfs, "SIGTERM"),
    withCarbon(directory, host.procfs, "SIGKILL"),
    ...(["reset", "hole", "half", "trickle"] as const).map((mood) =>
      withProxy(directory, host.procfs, mood)
    ),
  ]);
  host.stop();
  for (const { name, figures } of results) console.log(`  ${name}: ${figures}`);
  return results.flatMap(({ name, problems }) => problems.map((text) => `${name}: ${text}`));
});
