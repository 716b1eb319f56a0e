/** Real brokers of Debian's packages: mosquitto and RabbitMQ, on free ports. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { endWithTests, freePort, until } from "./agent_process.ts";

const MOSQUITTO = "/usr/sbin/mosquitto";
const SUBSCRIBER = "/usr/bin/mosquitto_sub";
const RABBIT = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const RABBITCTL = "/usr/lib/rabbitmq/bin/rabbitmqctl";

export const noMosquitto = existsSync(MOSQUITTO) && existsSync(SUBSCRIBER)
  ? false
  : "mosquitto is not installed";
export const noRabbit = existsSync(RABBIT) ? false : "rabbitmq-server is not installed";

export interface Server {
  readonly port: number;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Sessions of subscribers outlive it, also where it is killed after a `save`. */
export async function mosquitto(base: string, port: number, more = "") {
  mkdirSync(base, { recursive: true });
  const conf = join(base, "mosquitto.conf");
  writeFileSync(
    conf,
    `listener ${port} 127.0.0.1\n${more || "allow_anonymous true"}\nuser root\npersistence true\n` +
      `persistence_location ${base}/\nmax_queued_messages 0\nmax_inflight_messages 1000\nqueue_qos0_messages true\nlog_dest none\n`,
  );
  const child = spawn(MOSQUITTO, ["-c", conf], { stdio: "ignore" });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until("mosquitto listens", () => listens(port), 10);
  return {
    port,
    save: () => void child.kill("SIGUSR1"),
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
    },
  };
}

/**
 * What a subscriber of a broker gets: a topic and a text a line. It comes back after a restart. It confirms nothing:
 * a broker that is killed with confirmations unread resets the connection, and what was on its way is lost.
 */
export async function subscriber(port: number, id: string, topic: string) {
  const child = spawn(SUBSCRIBER, [
    ...["-h", "127.0.0.1", "-p", `${port}`, "-i", id, "-c", "-q", "0", "-t", topic, "-v"],
    "-V",
    "mqttv311",
  ], { stdio: ["ignore", "pipe", "ignore"] });
  endWithTests(child);
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    lines: () => text.split("\n").slice(0, -1),
    stop: () => void child.kill("SIGKILL"),
  };
}

/** The same folder can be started again. */
export async function rabbit(base: string, port: number): Promise<Server> {
  mkdirSync(base, { recursive: true });
  const conf = join(base, "rabbitmq.conf");
  writeFileSync(conf, `listeners.tcp.1 = 127.0.0.1:${port}\nloopback_users = none\n`);
  writeFileSync(join(base, "enabled_plugins"), "[].\n");
  const environment = {
    PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
    HOME: base,
    RABBITMQ_NODENAME: `diamond${port}@localhost`,
    RABBITMQ_CONFIG_FILE: conf,
    RABBITMQ_ENABLED_PLUGINS_FILE: join(base, "enabled_plugins"),
    RABBITMQ_MNESIA_BASE: join(base, "mnesia"),
    RABBITMQ_LOG_BASE: join(base, "log"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_DIST_PORT: `${await freePort()}`,
    RABBITMQ_PID_FILE: join(base, "pid"),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
  // A group of its own: the script starts the broker as a child. It dumps what it had where it was started.
  const child = spawn(RABBIT, [], {
    cwd: base,
    stdio: "ignore",
    env: environment,
    detached: true,
  });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until("RabbitMQ listens", () => listens(port), 60);
  const control = (...args: string[]) =>
    spawnSync(RABBITCTL, args, { env: environment, encoding: "utf8" });
  return {
    port,
    async stop(signal) {
      if (signal === "SIGKILL") process.kill(-child.pid!, signal);
      else control("stop");
      await ended;
    },
  };
}

function listens(port: number): boolean {
  return spawnSync("ss", ["-ltnH", `sport = :${port}`], { encoding: "utf8" }).stdout.includes(
    `:${port}`,
  );
}
