/** A handler at work: its worker and sink, over the real network, into whatever a test puts there. */

import { deepEqual, equal } from "node:assert/strict";
import type { AnyHandler, DeliveryValues } from "../../src/core/handler.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Host } from "../../src/ports/host.ts";
import { imbalance } from "../../src/delivery/ledger.ts";
import { createWorker } from "../../src/delivery/worker.ts";
import mysql from "../../src/handlers/mysql.ts";
import { realClock } from "../../src/platform/clock.ts";
import { realBrokers } from "../../src/platform/brokers/brokers.ts";
import { realCredentials } from "../../src/platform/net/credentials.ts";
import { realCodecs } from "../../src/platform/net/remote_write.ts";
import { realMysql } from "../../src/platform/sql/mysql.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { until } from "./agent_process.ts";
import { type Misdeed, pathOf, type Recorder } from "./bad_peers.ts";
import { metric } from "./metrics.ts";
import { recordedLog } from "./recorded_log.ts";
import { handlerDefaults } from "./defaults.ts";

type Taking = Pick<Recorder, "taken">;

export interface Case {
  readonly name: string;
  readonly handler: AnyHandler;
  /** What is set for a server at an address. */
  options(host: string, port: number): object;
}

export const mysqlCase: Case = {
  name: "MySQL",
  handler: mysql,
  options: (hostname, port) => ({ hostname, port, username: "u", database: "d" }),
};

/** In the first tick. */
export const POINTS = 300;
const host = {
  net: realNet,
  clock: realClock,
  mysql: realMysql,
  codecs: realCodecs,
  credentials: realCredentials,
  brokers: realBrokers,
  names: { hostname: () => "web1" },
  self: { pid: 1 },
};

/** For a peer that is waited for in vain. */
export const IMPATIENT = { timeout: 0.5 };
/** Only the silent peer is waited for in vain; with others, a busy machine may take its time. */
export const deadlineFor = (misdeed: Misdeed) => misdeed === "silent" ? IMPATIENT : {};

/** A worker with the handler's sink, and a wall clock that a test can move. */
export function run({ handler, options }: Case, address: string, port: number, more: object = {}) {
  const values = {
    ...handlerDefaults(handler),
    timeout: 5,
    retry_max_interval: 0.1,
    spool: "off",
    ...options(address, port),
    ...more,
  } as DeliveryValues;
  let jump = 0;
  const clock: Clock = { ...realClock, now: () => realClock.now() + jump };
  const log = recordedLog();
  const [backend = { options: values }] = handler.expand?.(values) ?? [];
  const sink = handler.open({
    host: { ...host, clock } as unknown as Host,
    options: backend.options,
    log,
  });
  const worker = createWorker({
    name: handler.name,
    sink,
    receipt: handler.receipt,
    options: backend.options,
    largest: handler.largest?.(backend.options),
    ordered: handler.ordered,
    spools: undefined,
    saved: undefined,
    clock,
    log,
    random: () => 0.5,
  });
  let offered = 0;
  function tick(count: number): void {
    const time = Math.floor(clock.now() / 1000);
    worker.offer(
      Array.from({ length: count }, () => metric(pathOf(offered++), 1, time)),
    );
    worker.flush();
  }
  return {
    worker,
    tick,
    said: () => log.lines.join("\n"),
    jump: (seconds: number) => void (jump += seconds * 1000),
    offered: () => Array.from({ length: offered }, (_, index) => pathOf(index)),
    /** The books of a run in which nothing was dropped. */
    async end(): Promise<void> {
      await worker.stop(5);
      const { ledger, queued } = worker;
      deepEqual(
        ledger.dropped,
        Object.fromEntries(Object.keys(ledger.dropped).map((key) => [key, 0])),
      );
      deepEqual([queued, ledger.delivered, imbalance(ledger, queued, 0)], [0, offered, 0]);
    },
  };
}

export type Run = ReturnType<typeof run>;

/** Ticks on until the backend has all that was offered before, as an agent would. */
export async function untilTaken(running: Run, backend: Taking): Promise<void> {
  running.tick(POINTS);
  await until("all points arrive", () => {
    running.tick(1);
    const taken = new Set(backend.taken());
    return running.offered().slice(0, POINTS).every((path) => taken.has(path));
  }, 10).catch((error) => {
    throw new Error(`${error.message}\n${running.said()}`);
  });
}

export async function settled(running: Run, backend: Taking, once: boolean): Promise<void> {
  await running.end();
  await until("the last points arrive", () => {
    const taken = new Set(backend.taken());
    return running.offered().every((path) => taken.has(path));
  }, 3);
  if (once) equal(backend.taken().length, running.offered().length, "each point once");
}
