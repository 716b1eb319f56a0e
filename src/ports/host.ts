/** The machine that is watched, and the only way to reach it. In a test it is a directory. */

import type { Brokers } from "./brokers.ts";
import type { Clock } from "./clock.ts";
import type { Credentials } from "./credentials.ts";
import type { Exec } from "./exec.ts";
import type { HostFs } from "./fs.ts";
import type { Histories } from "./history.ts";
import type { Ldap } from "./ldap.ts";
import type { Mongo } from "./mongo.ts";
import type { Mysql } from "./mysql.ts";
import type { Net } from "./net.ts";
import type { Probe } from "./probe.ts";
import type { Codecs } from "./remote_write.ts";
import type { Self } from "./self.ts";
import type { Snmp } from "./snmp.ts";
import type { Sql } from "./sql.ts";

export type System = "linux" | "darwin" | "freebsd" | "windows";

export interface Host {
  readonly system: System;
  /** Processors that are online. */
  readonly cpus: number;
  readonly fs: HostFs;
  readonly net: Net;
  readonly exec: Exec;
  readonly mysql: Mysql;
  readonly sql: Sql;
  readonly snmp: Snmp;
  readonly mongo: Mongo;
  readonly ldap: Ldap;
  readonly codecs: Codecs;
  readonly credentials: Credentials;
  readonly brokers: Brokers;
  readonly histories: Histories;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly names: Names;
  /** What the operating system answers without files: all there is outside of Linux. */
  readonly figures: Figures;
  /** The agent's own process. */
  readonly self: Self;
}

/** What was recorded of a host, at some seconds: see platform/recorded_host.ts. */
export interface RecordedHost extends Host {
  /** Seconds at which there is something new, in order. */
  readonly rounds: readonly number[];
  /** Goes to that second. */
  at(seconds: number): void;
}

/** The host's own names, before any `hostname_method` is applied. */
export interface Names {
  /** gethostname(2). */
  hostname(): string;
  /** Python's getfqdn: the resolver's name for this host, or the plain hostname. */
  fqdn(): Promise<string>;
}

export interface CpuTimes {
  /** Milliseconds since boot. */
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly irq: number;
}

export interface Figures {
  loadAverages(): readonly [number, number, number];
  cpuTimes(): readonly CpuTimes[];
  memory(): { readonly total: number; readonly free: number };
  /** Seconds since boot. */
  uptime(): number;
}
