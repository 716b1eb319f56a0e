/**
 * The agent killed with kill -9 at random moments (`spool = always`), and stopped with TERM at random
 * moments of an outage (`spool = outage`): nothing that was collected is lost, and what comes twice is
 * of the last seconds before a kill.
 *
 *     npm run long -- kill [--kills 50] [--stops 20] [--points 1000]
 */

import { join } from "node:path";
import { freePort, until } from "../harness/agent_process.ts";
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
  timestampOf,
} from "./fault.ts";

const kills = flag("kills", 50);
const stops = flag("stops", 20);
const points = flag("points", 1000);
/** resend_seconds, and a slot. */
const WINDOW_SECONDS = 11;

async function killed(directory: string, procfs: string): Promise<string[]> {
  const server = await receiver();
  const plan = planAgent({
    directory: join(directory, "always"),
    procfs,
    handlers: {
      GraphiteHandler: `host = 127.0.0.1\nport = ${server.port}\nspool = always`,
    },
  });
  const problems: string[] = [];
  const moments: number[] = [];
  for (let done = 0; done < kills; done++) {
    const running = plan.start();
    await sleep(random(300, 4000));
    moments.push(Date.now() / 1000);
    await running.end("SIGKILL");
    problems.push(...complaints(running.output()));
  }
  const last = plan.start();
  await sleep(3000);
  if (await last.end() !== 0) problems.push("the last stop failed");
  problems.push(...complaints(last.output()));
  await server.drain();
  const { collected, lost, again } = compare(plan.lines(), server.lines);
  const early = again.filter((line) => {
    const stamp = timestampOf(line);
    return !moments.some((moment) => stamp > moment - WINDOW_SECONDS && stamp <= moment);
  });
  console.log(
    `  ${kills} times kill -9, spool = always: ${collected} points collected, ${lost.length} lost, ` +
      `${again.length} came again, ${early.length} of them from before the last ${WINDOW_SECONDS} s`,
  );
  await server.close();
  if (lost.length > 0) problems.push(`lost: ${lost[0]}`);
  if (early.length > 0) problems.push(`came again: ${early[0]}`);
  return problems;
}

async function stopped(directory: string, procfs: string): Promise<string[]> {
  const port = await freePort();
  const plan = planAgent({
    directory: join(directory, "outage"),
    procfs,
    handlers: { GraphiteHandler: `host = 127.0.0.1\nport = ${port}` },
  });
  const problems: string[] = [];
  const got = new Map<string, number>();
  for (let done = 0; done < stops; done++) {
    // Away in two of three starts.
    const server = done % 3 === 2 ? await receiver(port) : undefined;
    const running = plan.start();
    await until("it runs", () => running.output().includes(" runs "));
    await sleep(random(300, 4000));
    if (await running.end() !== 0) problems.push(`a stop failed: ${running.output().slice(-300)}`);
    problems.push(...complaints(running.output()));
    await server?.drain();
    for (const [line, times] of server?.lines ?? []) got.set(line, (got.get(line) ?? 0) + times);
    await server?.close();
  }
  const server = await receiver(port);
  const last = plan.start();
  await sleep(4000);
  await last.end();
  problems.push(...complaints(last.output()));
  await server.drain();
  for (const [line, times] of server.lines) got.set(line, (got.get(line) ?? 0) + times);
  await server.close();
  const { collected, lost, again } = compare(plan.lines(), got);
  console.log(
    `  ${stops} times TERM, spool = outage: ${collected} points collected, ${lost.length} lost, ` +
      `${again.length} came again`,
  );
  if (lost.length > 0) problems.push(`lost: ${lost[0]}`);
  return problems;
}

await fault("kill", async (directory) => {
  const host = growingHost(directory, points);
  const problems = await Promise.all([
    killed(directory, host.procfs),
    stopped(directory, host.procfs),
  ]);
  host.stop();
  return problems.flat();
});
