/** The real host. */

import { readFileSync } from "node:fs";
import * as os from "node:os";
import process from "node:process";
import type { HostFs } from "../ports/fs.ts";
import type { Figures, Host, Names, System } from "../ports/host.ts";
import type { Self } from "../ports/self.ts";
import { namesOf } from "../formats/hosts_file.ts";
import { processorsIn } from "../formats/processor_list.ts";
import { dns } from "./runtime/node_modules.ts";
import { realClock } from "./clock.ts";
import { realCodecs } from "./net/remote_write.ts";
import { realCredentials } from "./net/credentials.ts";
import { realBrokers } from "./brokers/brokers.ts";
import { createExec } from "./exec/exec.ts";
import { createHostFs } from "./fs/files.ts";
import { realHistories } from "./history/histories.ts";
import { realMysql } from "./sql/mysql.ts";
import { realLdap } from "./ldap/ldap.ts";
import { realMongo } from "./mongo/mongo.ts";
import { realSnmp } from "./snmp/snmp.ts";
import { realSql } from "./sql/sql.ts";
import { realNet } from "./net/network.ts";
import { isPlain } from "./runtime/plain.ts";
import { collectGarbage, dropCode } from "./memory/garbage.ts";
import { ownMemory } from "./memory/rss.ts";
import { giveBackPages } from "./memory/clean_pages.ts";
import { createProbe } from "./fs/probe.ts";
import type { Roots } from "./roots.ts";

const SYSTEMS: Readonly<Record<string, System>> = {
  linux: "linux",
  android: "linux",
  darwin: "darwin",
  freebsd: "freebsd",
  win32: "windows",
};
const RESOLVER_MS = 5000;
/** One that is turned on or off by hand is noticed within this time: at each tick it would cost as much as a collector. */
const PROCESSORS_MS = 10_000;

export function createHost(roots: Roots): Host {
  const fs = createHostFs(roots);
  const processors = processorCount(fs);
  return {
    system: SYSTEMS[process.platform] ?? "linux",
    get cpus() {
      return processors();
    },
    fs,
    net: realNet,
    exec: createExec(roots),
    mysql: realMysql,
    sql: realSql,
    snmp: realSnmp,
    mongo: realMongo,
    ldap: realLdap,
    codecs: realCodecs,
    credentials: realCredentials,
    brokers: realBrokers,
    histories: realHistories,
    probe: createProbe(roots),
    clock: realClock,
    names: realNames,
    figures: realFigures,
    self: realSelf,
  };
}

/** Reads `0-3,6`: far cheaper than `os.cpus()`, which walks through /proc/cpuinfo. */
function processorCount(fs: HostFs): () => number {
  let count = 1;
  let lookAt = -Infinity;
  return () => {
    const now = realClock.monotonic();
    if (now < lookAt) return count;
    lookAt = now + PROCESSORS_MS;
    return count = processorsIn(fs.tryRead("/sys/devices/system/cpu/online")?.word() ?? "") ??
      Math.max(1, os.cpus().length || os.availableParallelism());
  };
}

const realNames: Names = {
  hostname: () => os.hostname(),
  async fqdn() {
    const name = os.hostname();
    try {
      const { address } = await inTime(dns().lookup(name));
      const { hostname } = await inTime(dns().lookupService(address, 0));
      if (hostname.includes(".")) return hostname;
      // As Python does: the first name with a domain, be it an alias.
      const alias = namesOf(hostsFile(), address).find((one) => one.includes("."));
      return alias ?? (hostname !== "localhost" ? hostname : name);
    } catch {
      return name;
    }
  },
};

function hostsFile(): string {
  try {
    return readFileSync("/etc/hosts", "utf8");
  } catch {
    return "";
  }
}

/** A resolver that does not answer must not hold up the start. */
function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the resolver does not answer")), RESOLVER_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const realFigures: Figures = {
  loadAverages: () => os.loadavg() as [number, number, number],
  cpuTimes: () =>
    os.cpus().map(({ times: { user, nice, sys, idle, irq } }) => ({
      user,
      nice,
      system: sys,
      idle,
      irq,
    })),
  memory: () => ({ total: os.totalmem(), free: os.freemem() }),
  uptime: () => os.uptime(),
};

const realSelf: Self = {
  pid: process.pid,
  rss: ownMemory,
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  reclaim() {
    if (isPlain) return;
    collectGarbage();
    giveBackPages();
  },
  dropCompiledCode() {
    if (isPlain) return;
    dropCode();
    giveBackPages();
  },
};
