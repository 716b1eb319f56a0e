/**
 * The agent (`spool = always`) and its NATS killed with kill -9 in turns, at random moments: a stream has each point
 * exactly once, since it knows within its window what comes again.
 *
 *     npm run long -- exactly_once [--kills 20] [--points 200]
 */

import { join } from "node:path";
import { freePort } from "../harness/agent_process.ts";
import { makeStream, messagesOf, natsServer, noNats } from "../harness/nats.ts";
import {
  compare,
  complaints,
  fault,
  flag,
  growingHost,
  planAgent,
  random,
  sleep,
} from "./fault.ts";

const kills = flag("kills", 20);
const points = flag("points", 200);

await fault("exactly_once", async (directory) => {
  if (noNats) return [noNats];
  const port = await freePort();
  const base = join(directory, "nats");
  let server = await natsServer(base, port);
  await makeStream(port, "servers.>");
  const host = growingHost(directory, points);
  const plan = planAgent({
    directory: join(directory, "agent"),
    procfs: host.procfs,
    handlers: { NatsHandler: `host = 127.0.0.1\nport = ${port}\nspool = always` },
  });
  const problems: string[] = [];
  let running = plan.start();
  for (let done = 0; done < kills; done++) {
    await sleep(random(500, 3000));
    if (done % 2 === 0) {
      await running.end("SIGKILL");
      problems.push(...complaints(running.output()));
      running = plan.start();
    } else {
      await server.stop("SIGKILL");
      await sleep(random(0, 1500));
      server = await natsServer(base, port);
    }
  }
  await sleep(6000);
  if (await running.end() !== 0) problems.push("the last stop failed");
  problems.push(...complaints(running.output()));
  host.stop();
  const texts = await messagesOf(port);
  const got = new Map<string, number>();
  for (const text of texts) got.set(text, (got.get(text) ?? 0) + 1);
  // An agent that starts again may collect the same within the same second.
  const { collected, lost, again } = compare([...new Set(plan.lines())], got);
  console.log(
    `  ${kills} times kill -9 in turns: ${collected} points collected, ${lost.length} lost, ` +
      `${again.length} came again`,
  );
  if (lost.length > 0) problems.push(`lost: ${lost[0]}`);
  if (again.length > 0) problems.push(`came again: ${again[0]}`);
  await server.stop("SIGTERM");
  return problems;
});
