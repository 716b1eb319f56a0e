/** `init-config` of the executable on a host with real services at ports of their own; what it prints collects. */

import { equal, match, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import type { Daemon, Service } from "../daemons/daemon.ts";
import { missing } from "../daemons/packages.ts";
import memcached from "../daemons/services/memcached.ts";
import mysql from "../daemons/services/mysql.ts";
import nginx from "../daemons/services/nginx.ts";
import postgresql from "../daemons/services/postgresql.ts";
import redis from "../daemons/services/redis.ts";
import { agent, freePort, noExecutable, temporary } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const daemons: readonly Daemon[] = [nginx, postgresql, redis, memcached, mysql];
const lacking = daemons.flatMap(({ packages }) => missing(packages));
const reason = noExecutable || (lacking.length > 0 && `${lacking.join(", ")} is not installed`);
const { path: base, remove } = temporary();
after(remove);
chmodSync(base, 0o755);

/** Starts them all, and stops them afterwards. */
async function withServices(
  work: (ports: ReadonlyMap<string, number>) => Promise<void>,
): Promise<void> {
  const running: Service[] = [];
  const ports = new Map<string, number>();
  try {
    for (const daemon of daemons) {
      const [folder, port] = [join(base, daemon.collector), await freePort()];
      mkdirSync(folder);
      chmodSync(folder, 0o777);
      running.push(await daemon.start({ folder, port }));
      ports.set(daemon.collector, port);
    }
    await work(ports);
  } finally {
    for (const service of running) await service.stop();
  }
}

/** The section of a collector in a configuration, with the comments before it. */
function sectionOf(text: string, collector: string): string {
  return text.split("\n\n").find((part) => part.includes(`[[${collector}]]`)) ?? "";
}

describeWith("init-config on a host with five services", reason, () => {
  it("finds each at its own port, says what three of them need, and collects from the others", async () => {
    await withServices((ports) => {
      const began = performance.now();
      const { code, stdout, stderr } = agent(["init-config"]);
      equal(`${code} ${stderr}`, "0 ");
      ok(performance.now() - began < 6000);
      const shown = (collector: string) => `127.0.0.1:${ports.get(collector)}`;
      const section = (collector: string) => sectionOf(stdout, collector);
      match(section("NginxCollector"), /^# nginx answers at http:\/\/\S+\/nginx_status$/m);
      match(
        section("MemcachedCollector"),
        new RegExp(`^hosts = .*${shown("MemcachedCollector")}`, "m"),
      );
      match(section("RedisCollector"), new RegExp(`${shown("RedisCollector")}.*wants a password`));
      match(section("RedisCollector"), /^# {5}ACL SETUSER/m);
      match(section("MySQLCollector"), /^# {5}GRANT PROCESS, REPLICATION CLIENT/m);
      match(section("PostgresqlCollector"), /^# {5}GRANT pg_monitor TO diamond;$/m);

      const conf = join(base, "diamond.conf");
      writeFileSync(conf, stdout, { mode: 0o600 });
      const checked = agent(["check", "-c", conf]);
      equal(checked.code, 0, checked.stdout + checked.stderr);
      for (const collector of ["NginxCollector", "MemcachedCollector"]) {
        const collected = agent(["collect", collector, "-c", conf]);
        equal(collected.code, 0, collected.stderr);
      }
      return Promise.resolve();
    });
  });
});
