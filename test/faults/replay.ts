/**
 * `status` before, during and after an outage, and an archive of a million lines that is sent again,
 * interrupted on the way: the receiver has each line once.
 *
 *     npm run long -- replay [--lines 1000000] [--points 1000]
 */

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { agent, freePort, start, until } from "../harness/agent_process.ts";
import { fault, flag, growingHost, planAgent, random, receiver, sleep } from "./fault.ts";

const lines = flag("lines", 1_000_000);
const points = flag("points", 1000);

async function statusThrough(directory: string, procfs: string): Promise<string[]> {
  const port = await freePort();
  const plan = planAgent({
    directory: join(directory, "status"),
    procfs,
    handlers: { GraphiteHandler: `host = 127.0.0.1\nport = ${port}` },
  });
  const problems: string[] = [];
  const ask = (when: string, code: number, state: string) => {
    const json = agent(["status", "-c", plan.config, "--json"]);
    const text = agent(["status", "-c", plan.config]);
    const told = JSON.parse(json.stdout).handlers[0].state;
    if (json.code !== code || text.code !== code) {
      problems.push(`${when}: exit status ${json.code}, ${text.code}, not ${code}`);
    }
    if (told !== state) problems.push(`${when}: ${told}, not ${state}`);
    console.log(`  ${when}, exit status ${text.code}:`);
    const shown = text.stdout.split("\n").slice(0, 9).filter((line) => line !== "");
    for (const line of shown) console.log(`    | ${line}`);
  };
  let server = await receiver(port);
  const running = plan.start();
  await until("it collects", () => plan.lines().length > 0);
  await sleep(2000);
  ask("before the outage", 0, "ok");
  await server.close();
  await sleep(6000);
  ask("during the outage", 1, "failing");
  server = await receiver(port);
  await sleep(5000);
  ask("after the outage", 0, "ok");
  await running.end();
  await server.close();
  const nobody = agent(["status", "-c", plan.config]);
  if (nobody.code !== 3 || !nobody.stderr.includes("no agent answers")) {
    problems.push(`without an agent: ${nobody.code} ${nobody.stderr}`);
  }
  return problems;
}

async function replayed(directory: string, procfs: string): Promise<string[]> {
  const server = await receiver();
  const plan = planAgent({
    directory: join(directory, "replay"),
    procfs,
    handlers: { GraphiteHandler: `host = 127.0.0.1\nport = ${server.port}` },
  });
  const archive = join(directory, "old.log");
  for (let first = 0; first < lines; first += points) {
    const tick = Array.from(
      { length: Math.min(points, lines - first) },
      (_, index) =>
        `servers.web1.m${index}.value ${(index * 7) % 1000}.${index % 10} ${
          1_700_000_000 + first / points
        }\n`,
    );
    appendFileSync(archive, tick.join(""));
  }

  const command = [
    "replay",
    archive,
    "-c",
    plan.config,
    "--handler",
    "GraphiteHandler",
    "--rate",
    "200000",
  ];
  const problems: string[] = [];
  let interruptions = 0;
  /** A receiver that had no time to confirm everything at an interruption gets the last lines again. */
  let unconfirmed = false;
  const began = Date.now();
  for (;;) {
    const running = start(command);
    const code = await Promise.race([
      new Promise<number | null>((resolve) => running.child.on("close", resolve)),
      sleep(random(700, 1500)).then(() => undefined),
    ]);
    if (code !== undefined) {
      if (code !== 0) problems.push(`exit status ${code}: ${running.output()}`);
      break;
    }
    // It may have come to its end just now.
    if (await running.end("SIGINT") === 0) break;
    interruptions++;
    if (!running.output().includes("interrupted")) problems.push(running.output());
    unconfirmed ||= running.output().includes("could not be delivered");
    if (interruptions > 100) break;
  }
  await sleep(300);
  const once_ = [...server.lines.values()].filter((times) => times === 1).length;
  console.log(
    `  replay of ${lines} lines, ${interruptions} times interrupted: ${server.total} lines came in ` +
      `${((Date.now() - began) / 1000).toFixed(1)} s, ${once_} of them once`,
  );
  await server.close();
  const isRight = unconfirmed
    ? server.lines.size === lines
    : once_ === lines && server.total === lines;
  if (!isRight) problems.push(`not each line came once${unconfirmed ? " or again" : ""}`);
  if (interruptions === 0) problems.push("it was too fast to be interrupted");
  return problems;
}

await fault("replay", async (directory) => {
  const host = growingHost(directory, points);
  const problems = [
    ...await statusThrough(directory, host.procfs),
    ...await replayed(directory, host.procfs),
  ];
  host.stop();
  return problems;
});
