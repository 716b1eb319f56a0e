/** The executable with a cluster of real carbons, or relays, of which one dies: only its share moves, nothing is lost. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { createRing } from "../../src/formats/hash_ring.ts";
import { noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { carbonPorts, noCarbon, startCarbon } from "../harness/carbon.ts";
import { describeWith } from "../harness/describe_with.ts";
import { noRelay, startRelay } from "../harness/relays.ts";
import { archived, type Point } from "../harness/stored.ts";

const { path: directory, remove } = temporary();
after(remove);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Writes a configuration, and returns its file. */
function configured(
  base: string,
  archive: string,
  ports: readonly number[],
  options: string,
): string {
  const conf = join(base, "diamond.conf");
  writeFileSync(
    conf,
    `[server]\nstate_path = ${base}/state\npid_file = ${base}/pid\nself_metrics = False\nhandlers = GraphiteClusterHandler, ArchiveHandler\n` +
      `[handlers]\n[[GraphiteClusterHandler]]\nhost = ${
        ports.map((port) => `127.0.0.1:${port}`).join(", ")
      }\n${options}\nretry_max_interval = 1\n[[ArchiveHandler]]\nlog_file = ${archive}\n` +
      `[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n[[CPUCollector]]\nenabled = True\n[[MemoryCollector]]\nenabled = True\n[[VMStatCollector]]\nenabled = True\n`,
  );
  return conf;
}

/** With and without failover: sends, and compares what the carbons have with the archive. */
async function dies(failover: boolean): Promise<void> {
  const base = join(directory, `${failover}`);
  const ports = await Promise.all([carbonPorts(), carbonPorts(), carbonPorts()]);
  const folder = (number: number) => join(base, `carbon${number}`);
  const boot = (number: number) => startCarbon(folder(number), "^carbon", ports[number]);
  const carbons = await Promise.all([0, 1, 2].map(boot));
  const nodes = ports.map(({ line: port }) => ({ host: "127.0.0.1", port, instance: "" }));
  const archive = join(base, "archive.log");
  const conf = configured(base, archive, nodes.map(({ port }) => port), `failover = ${failover}`);
  const running = start(["run", "-lf", "--debug", "-c", conf]);
  await until("it collects", () => archived(archive).length > 0);
  await pause(5000);
  // By TERM: what a carbon has only in its memory dies with it.
  await carbons[1].stop("SIGTERM");
  const died = Date.now() / 1000;
  await pause(6000);
  carbons[1] = await boot(1);
  const back = Date.now() / 1000;
  await pause(6000);
  equal(await running.end(), 0, running.output());

  const points = archived(archive);
  const stamps = points.map(({ timestamp }) => timestamp);
  const [first, last] = [Math.min(...stamps), Math.max(...stamps)];
  await pause(2500);
  const stored = carbons.map((carbon) => carbon.everything(first - 1, last + 1));
  const at = ({ path, timestamp }: Point) =>
    [0, 1, 2].filter((number) => stored[number].get(path)?.has(timestamp));
  const md5 = (text: string) => createHash("md5").update(text).digest();
  const ring = createRing("fnv1a_ch", nodes, md5);
  deepEqual(points.filter((point) => at(point).length === 0), [], "lost");
  const elsewhere = points.filter((point) => !at(point).includes(ring(point.path)[0]));
  ok(elsewhere.every(({ path }) => ring(path)[0] === 1), "only its share moves");
  if (failover) {
    ok(elsewhere.length > 0);
    ok(
      elsewhere.every(({ path, timestamp }) =>
        timestamp >= died - 12 && timestamp <= back + 3 &&
        at({ path, timestamp } as Point).includes(ring(path)[1])
      ),
    );
  } else deepEqual(elsewhere, []);
  await Promise.all(carbons.map((carbon) => carbon.stop()));
}

/** Three relays in front of a carbon, any of which will do: one is killed, then another, and both come back. */
async function relaysDie(): Promise<void> {
  const base = join(directory, "any");
  const carbon = await startCarbon(join(base, "carbon"), "^carbon");
  const boot = (number: number, port?: number) =>
    startRelay(join(base, `relay${number}`), [carbon.port], port);
  const relays = await Promise.all([0, 1, 2].map((number) => boot(number)));
  const archive = join(base, "archive.log");
  const ports = relays.map(({ port }) => port);
  const running = start([
    "run",
    "-lf",
    "--debug",
    "-c",
    configured(base, archive, ports, "hash = any_of"),
  ]);
  await until("it collects", () => archived(archive).length > 0);
  await pause(3000);
  for (const number of [0, 1]) {
    await relays[number].stop("SIGKILL");
    await pause(3000);
  }
  for (const number of [0, 1]) relays[number] = await boot(number, ports[number]);
  await pause(4000);
  equal(await running.end(), 0, running.output());
  const points = archived(archive);
  const stamps = points.map(({ timestamp }) => timestamp);
  await pause(2500);
  const stored = carbon.everything(Math.min(...stamps) - 1, Math.max(...stamps) + 1);
  deepEqual(points.filter(({ path, timestamp }) => !stored.get(path)?.has(timestamp)), [], "lost");
  await Promise.all([...relays, carbon].map((one) => one.stop()));
}

describeWith("relays that take turns", noExecutable || noCarbon || noRelay, () => {
  it("two of three are killed, and nothing is lost", relaysDie);
});

describeWith("a cluster of carbons", noExecutable || noCarbon, () => {
  it("one of three dies and comes back", async () => {
    await Promise.all([dies(false), dies(true)]);
  });
});
