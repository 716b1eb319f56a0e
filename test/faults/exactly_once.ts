/**
 * The agent (`spool = always`), its NATS and its Redis killed with kill -9 in turns, at random moments: a stream of
 * each has each point exactly once. NATS knows within its window what comes again; beside Redis' stream stands what
 * was written last.
 *
 *     npm run long -- exactly_once [--kills 20] [--points 200]
 */

import { join } from "node:path";
import { freePort } from "../harness/agent_process.ts";
import { makeStream, messagesOf, natsServer, noNats } from "../harness/nats.ts";
import { noRedis, redisServer } from "../harness/redis.ts";
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
  if (noNats || noRedis) return [`${noNats || noRedis}`];
  const [natsPort, redisPort] = [await freePort(), await freePort()];
  const startNats = () => natsServer(join(directory, "nats"), natsPort);
  const startRedis = () => redisServer(join(directory, "redis"), redisPort);
  let [nats, redis] = await Promise.all([startNats(), startRedis()]);
  await makeStream(natsPort, "servers.>");
  const host = growingHost(directory, points);
  const section = (port: number) => `host = 127.0.0.1\nport = ${port}\nspool = always`;
  const plan = planAgent({
    directory: join(directory, "agent"),
    procfs: host.procfs,
    handlers: { NatsHandler: section(natsPort), RedisStreamHandler: section(redisPort) },
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
      await Promise.all([nats.stop("SIGKILL"), redis.stop("SIGKILL")]);
      await sleep(random(0, 1500));
      [nats, redis] = await Promise.all([startNats(), startRedis()]);
    }
  }
  await sleep(6000);
  if (await running.end() !== 0) problems.push("the last stop failed");
  problems.push(...complaints(running.output()));
  host.stop();
  const entries = redis.entries("metrics").map(({ path, value, timestamp }) =>
    `${path} ${value} ${timestamp}`
  );
  for (
    const [name, texts] of [["NATS", await messagesOf(natsPort)], ["Redis", entries]] as const
  ) {
    const got = new Map<string, number>();
    for (const text of texts) got.set(text, (got.get(text) ?? 0) + 1);
    // An agent that starts again may collect the same within the same second, which is there once or twice.
    const { lost } = compare([...new Set(plan.lines())], got);
    const { collected, again } = compare(plan.lines(), got);
    console.log(
      `  ${name}: ${kills} times kill -9 in turns: ${collected} points collected, ` +
        `${lost.length} lost, ${again.length} came again`,
    );
    if (lost.length > 0) problems.push(`${name} lost: ${lost[0]}`);
    if (again.length > 0) problems.push(`${name} came again: ${again[0]}`);
  }
  await Promise.all([nats.stop("SIGTERM"), redis.stop("SIGTERM")]);
  return problems;
});
