/**
 * The real servers behind handlers, each stopped once with TERM and otherwise with kill -9, while the agent sends:
 * what every server got is compared with the archive, line by line. One table at the end.
 *
 *     npm run long -- restarts [--restarts 3] [--points 200] [--only graphite]
 */

import { join } from "node:path";
import process from "node:process";
import { agent, until } from "../harness/agent_process.ts";
import { noMosquitto, noRabbit } from "../harness/brokers.ts";
import { noCarbon } from "../harness/carbon.ts";
import { noClickhouse } from "../harness/clickhouse.ts";
import { noDatabases } from "../harness/databases.ts";
import { noGmond } from "../harness/gmond.ts";
import { noKafka } from "../harness/kafka.ts";
import { noMariadb } from "../harness/mariadb.ts";
import { noNats } from "../harness/nats.ts";
import { noRedis } from "../harness/redis.ts";
import { noRelay, noRelays } from "../harness/relays.ts";
import { noRrd } from "../harness/rrd.ts";
import { noZmq } from "../harness/zmq_subscriber.ts";
import { compare, complaints, fault, flag, growingHost, planAgent, sleep } from "./fault.ts";
import {
  kafkaSubject,
  mqttSubject,
  natsSubject,
  rabbitSubject,
  redisSubject,
} from "./subjects/brokers.ts";
import {
  clickhouseSubject,
  influxSubject,
  mariadbSubject,
  prometheusSubject,
  victoriaSubject,
} from "./subjects/databases.ts";
import {
  balancedSubject,
  carbonSubject,
  clusterSubject,
  relaySubject,
} from "./subjects/graphite.ts";
import { httpSubject, statsiteSubject } from "./subjects/recorders.ts";
import { rrdSubject } from "./subjects/round_robin.ts";
import { partsOf, spanOf, type Subject } from "./subjects/subject.ts";
import { gmondSubject, statsdSubject, zmqSubject } from "./subjects/unconfirmed.ts";

const restarts = flag("restarts", 3);
const points = flag("points", 200);
/** For what waits to be delivered, after the last restart. */
const SPOOL_SECONDS = 90;
const only = process.argv[process.argv.indexOf("--only") + 1];

type Make = (directory: string) => Promise<Subject>;

/** One agent for each; what is not installed is left out. */
const groups: Readonly<Record<string, readonly (readonly [missing: string | false, Make])[]>> = {
  graphite: [
    [noCarbon, carbonSubject],
    [noCarbon || noRelay, relaySubject],
    [noCarbon, clusterSubject],
    [noCarbon || noRelay, balancedSubject],
  ],
  databases: [
    [noMariadb, mariadbSubject],
    [noClickhouse, clickhouseSubject],
    [noDatabases, influxSubject],
    [noDatabases, victoriaSubject],
    [noDatabases, prometheusSubject],
  ],
  brokers: [
    [noMosquitto, mqttSubject],
    [noRabbit, rabbitSubject],
    [noNats, natsSubject],
    [noRedis, redisSubject],
    [noKafka, kafkaSubject],
  ],
  others: [
    [noRrd, rrdSubject],
    [noRelays, statsdSubject],
    [noGmond, gmondSubject],
    [noZmq, zmqSubject],
    [false, httpSubject],
    [false, statsiteSubject],
  ],
};

interface Row {
  readonly handler: string;
  readonly server: string;
  readonly sent: number;
  readonly readBack: number;
  readonly lost: number;
  /** Undefined where nothing would show it. */
  readonly twice: number | undefined;
  readonly note: string;
  /** The seconds that lost lines are of, counted from the first run: `6-9 17`. */
  readonly when: string;
}

await fault("restarts", async (directory) => {
  const rows: Row[] = [];
  const problems: string[] = [];
  for (const [name, makes] of Object.entries(groups)) {
    if (process.argv.includes("--only") && only !== name) continue;
    for (const [missing] of makes) if (missing) problems.push(missing);
    const there = makes.filter(([missing]) => !missing).map(([, make]) => make);
    problems.push(...await tryGroup(join(directory, name), there, rows));
  }
  console.log(tableOf(rows));
  for (const { handler, when } of rows) {
    if (when !== "") console.log(`  ${handler}: seconds ${when}`);
  }
  return problems;
});

/** Adds a row for each handler, and returns what is wrong. */
async function tryGroup(
  directory: string,
  makes: readonly Make[],
  rows: Row[],
): Promise<string[]> {
  const subjects = await Promise.all(
    makes.map((make, number) => make(join(directory, `server${number}`))),
  );
  const host = growingHost(directory, points);
  const plan = planAgent({
    directory: join(directory, "agent"),
    procfs: host.procfs,
    handlers: Object.assign({}, ...subjects.map(({ sections }) => sections)),
    server: "self_metrics = False",
  });
  const running = plan.start();
  await sleep(4000);
  await Promise.all(subjects.map((subject) => restart(subject, running.pid)));
  const problems: string[] = [];
  await until("nothing waits in a spool", () => spooledOf(plan.config) === 0, SPOOL_SECONDS)
    .catch((error) => problems.push(error.message));
  await sleep(5000);
  if (await running.end() !== 0) problems.push("the stop failed");
  problems.push(...complaints(running.output()));
  host.stop();
  await sleep(1000);
  for (const subject of subjects) {
    for (const row of await rowsOf(subject, plan.lines())) {
      rows.push(row);
      if (row.lost > 0 && row.note === "") {
        problems.push(`${row.handler} lost ${row.lost}, of seconds ${row.when}`);
      }
    }
    await subject.close();
  }
  return problems;
}

/** Who broke three connections in a row gets little at first: see a wrong port in src/ARCHITECTURE.md. */
function spooledOf(config: string): number {
  const { handlers } = JSON.parse(agent(["status", "--json", "-c", config]).stdout);
  return handlers.reduce((sum: number, { spooled }: { spooled: number }) => sum + spooled, 0);
}

async function restart({ stop, start }: Subject, agentPid: number): Promise<void> {
  for (let done = 0; done < restarts; done++) {
    await stop(done === 0 ? "SIGTERM" : "SIGKILL", agentPid);
    await sleep(1500);
    await start();
    await sleep(5000);
  }
}

async function rowsOf(subject: Subject, archive: readonly string[]): Promise<Row[]> {
  const { server, overwrites = false, mayLose = "" } = subject;
  return Object.entries(await subject.taken(archive)).map(([handler, lines]) => {
    const counts = new Map<string, number>();
    for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
    const { collected, lost, again } = compare(archive, counts);
    const note = typeof mayLose === "string" ? mayLose : mayLose[handler] ?? "";
    return {
      handler,
      server,
      sent: collected,
      readBack: collected - lost.length,
      lost: lost.length,
      twice: overwrites ? undefined : again.length,
      note,
      when: secondsOf(lost, spanOf(archive)[0]),
    };
  });
}

function secondsOf(lines: readonly string[], from: number): string {
  const seconds = [...new Set(lines.map((line) => partsOf(line).time - from))].sort((a, b) =>
    a - b
  );
  const ranges: number[][] = [];
  for (const second of seconds) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === second - 1) last[1] = second;
    else ranges.push([second, second]);
  }
  return ranges.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`).join(" ");
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ handler, server, sent, readBack, lost, twice, note }) => [
    handler,
    server,
    `${sent}`,
    `${readBack}`,
    `${lost}${lost > 0 && note !== "" ? ` (${note})` : ""}`,
    `${twice ?? "–"}`,
  ]);
  const all = [["handler", "server", "sent", "read back", "lost", "twice"], ...cells];
  return all.map((row) => `| ${row.join(" | ")} |`).join("\n");
}
