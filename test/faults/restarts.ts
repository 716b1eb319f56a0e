/**
 * The real servers behind handlers, each stopped once with TERM and otherwise with kill -9, while the agent sends:
 * what every server got is compared with the archive, line by line.
 *
 *     npm run long -- restarts [--restarts 3] [--points 200]
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { AmqpQueue } from "../harness/amqp_queue.ts";
import { mosquitto, noMosquitto, noRabbit, rabbit, subscriber } from "../harness/brokers.ts";
import { freePort } from "../harness/agent_process.ts";
import { kafkaFront, kafkaMessages, kafkaMock, noKafka } from "../harness/kafka.ts";
import { databases, fetched, noRrd, rrdcached } from "../harness/rrd.ts";
import {
  compare,
  complaints,
  fault,
  flag,
  growingHost,
  planAgent,
  sleep,
  timestampOf,
} from "./fault.ts";

const restarts = flag("restarts", 3);
const points = flag("points", 200);

/** A server under test, and the sections of `[handlers]` that send to it. */
interface Subject {
  readonly sections: Readonly<Record<string, string>>;
  stop(signal: NodeJS.Signals, agentPid: number): Promise<void>;
  start(): Promise<void>;
  /** Lines by section. */
  taken(archive: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>>;
  close(): Promise<void>;
}

async function mqttSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  let server = await mosquitto(directory, port);
  const versions = {
    "MQTTHandler three": "qos = 1\nprefix = three",
    "MQTTHandler five": "qos = 1\nprotocol_version = 5\nprefix = five",
    "MQTTHandler plain": "prefix = plain",
  };
  const reader = await subscriber(port, "reader", "#");
  server.save();
  return {
    sections: Object.fromEntries(
      Object.entries(versions).map(([name, options]) => [
        name,
        `host = 127.0.0.1\nport = ${port}\n${options}`,
      ]),
    ),
    stop: (signal) => server.stop(signal),
    async start() {
      server = await mosquitto(directory, port);
    },
    taken: () =>
      Promise.resolve(Object.fromEntries(
        Object.keys(versions).map((name) => {
          const prefix = `${name.split(" ")[1]}.`;
          const lines = reader.lines().map((line) => line.replaceAll("/", "."));
          const own = lines.filter((line) => line.startsWith(prefix));
          return [name, own.map((line) => line.slice(prefix.length))];
        }),
      )),
    close() {
      reader.stop();
      return server.stop("SIGTERM");
    },
  };
}

async function rabbitSubject(directory: string): Promise<Subject> {
  const port = await freePort();
  let server = await rabbit(directory, port);
  const queues = {
    "rmqHandler topic": new AmqpQueue(port, { exchange: "diamond", type: "topic", key: "#" }),
    "rmqHandler pubsub": new AmqpQueue(port, { exchange: "all", type: "fanout", key: "" }),
  };
  const declare = () => Promise.all(Object.values(queues).map((queue) => queue.declare()));
  await declare();
  return {
    sections: {
      "rmqHandler topic": `server = 127.0.0.1\nport = ${port}`,
      "rmqHandler pubsub": `rmq_server = 127.0.0.1\nrmq_port = ${port}\nrmq_exchange = all`,
    },
    stop: (signal) => server.stop(signal),
    async start() {
      server = await rabbit(directory, port);
      // An exchange of Diamond's rabbitmq_topic is gone with the broker, and its bindings with it.
      await declare();
    },
    async taken() {
      const found = Object.entries(queues).map(async ([name, queue]) =>
        [name, await queue.everything()] as const
      );
      return Object.fromEntries(await Promise.all(found));
    },
    close: () => server.stop("SIGKILL"),
  };
}

async function rrdSubject(directory: string): Promise<Subject> {
  let server = await rrdcached(directory);
  const own = join(directory, "own");
  const folders = { "RRDHandler tool": own, "RRDHandler daemon": server.data };
  return {
    sections: {
      "RRDHandler tool": `basedir = ${own}\nstep = 1`,
      "RRDHandler daemon":
        `basedir = ${server.data}\nstep = 1\nrrdcached = unix:${server.socket}\nresend_seconds = 3`,
    },
    async stop(signal, agentPid) {
      // The agent's own rrdtool dies with it.
      for (const pid of childrenOf(agentPid)) process.kill(pid, "SIGKILL");
      await server.stop(signal);
    },
    async start() {
      server = await rrdcached(directory);
    },
    async taken(archive) {
      server.flush();
      await sleep(3000);
      const stamps = archive.map(timestampOf);
      const [first, last] = [Math.min(...stamps) - 1, Math.max(...stamps) + 1];
      return Object.fromEntries(
        Object.entries(folders).map(([name, folder]) => {
          const found = new Map<string, Map<number, number>>();
          for (const file of databases(folder)) {
            found.set(file, fetched(join(folder, file), first, last));
          }
          return [name, archive.filter((line) => isIn(found, line))];
        }),
      );
    },
    close: () => server.stop("SIGTERM"),
  };
}

/** Its brokers have their memory only: what is killed is the process through which they are reached. */
async function kafkaSubject(): Promise<Subject> {
  const mock = await kafkaMock(3);
  const ports = await Promise.all(mock.ports.map(() => freePort()));
  let front = await kafkaFront(mock.ports, ports);
  const brokers = `brokers = 127.0.0.1:${ports[0]}, 127.0.0.1:${ports[1]}`;
  const topics = {
    "KafkaHandler host": "topic = host",
    "KafkaHandler path": "topic = path\nkeyed_by = metric\ncompression = 6",
  };
  for (const topic of ["host", "path"]) await mock.do(`topic ${topic} 4`);
  return {
    sections: Object.fromEntries(
      Object.entries(topics).map(([name, options]) => [name, `${brokers}\n${options}`]),
    ),
    stop: (signal) => front.stop(signal),
    async start() {
      front = await kafkaFront(mock.ports, ports);
    },
    taken: () =>
      Promise.resolve(Object.fromEntries(
        Object.keys(topics).map((name) => {
          const messages = kafkaMessages(mock.places[0], name.split(" ")[1]);
          return [name, messages.map(({ text }) => text)];
        }),
      )),
    async close() {
      await front.stop("SIGTERM");
      mock.stop();
    },
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter((part) => part !== "").map(Number);
}

/** An archive has some decimals of a value, a database ten digits. */
function isIn(found: ReadonlyMap<string, ReadonlyMap<number, number>>, line: string): boolean {
  const [path, text, time] = line.split(" ");
  const [, , collector, ...name] = path.split(".");
  const value = found.get(`web1/${collector}/${name.join("_")}.rrd`)?.get(Number(time)) ?? NaN;
  const decimals = text.split(".")[1]?.length ?? 0;
  return Math.abs(value - Number(text)) <= 0.501 * 10 ** -decimals + 1e-9 * Math.abs(value);
}

await fault("restarts", async (directory) => {
  const missing = noMosquitto || noRabbit || noRrd || noKafka;
  if (missing) return [missing];
  const subjects = await Promise.all([
    mqttSubject(join(directory, "mqtt")),
    rabbitSubject(join(directory, "rabbit")),
    rrdSubject(join(directory, "rrd")),
    kafkaSubject(),
  ]);
  const host = growingHost(directory, points);
  const plan = planAgent({
    directory: join(directory, "agent"),
    procfs: host.procfs,
    handlers: Object.assign({}, ...subjects.map(({ sections }) => sections)),
  });
  const running = plan.start();
  await sleep(4000);
  await Promise.all(subjects.map(async ({ stop, start }) => {
    for (let done = 0; done < restarts; done++) {
      await stop(done === 0 ? "SIGTERM" : "SIGKILL", running.pid);
      await sleep(1500);
      await start();
      await sleep(5000);
    }
  }));
  await sleep(5000);
  const problems: string[] = [];
  if (await running.end() !== 0) problems.push("the stop failed");
  problems.push(...complaints(running.output()));
  host.stop();
  await sleep(1000);
  for (const subject of subjects) {
    for (const [name, lines] of Object.entries(await subject.taken(plan.lines()))) {
      const counts = new Map<string, number>();
      for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
      const { collected, lost, again } = compare(plan.lines(), counts);
      console.log(
        `  ${
          name.padEnd(24)
        } ${restarts} restarts: ${collected} points collected, ${lost.length} lost, ` +
          `${again.length} came again`,
      );
      if (lost.length > 0) problems.push(`${name} lost: ${lost[0]}`);
    }
    await subject.close();
  }
  return problems;
});
