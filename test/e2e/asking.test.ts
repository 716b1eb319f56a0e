/** A service that is dead, slow or lying costs its collector one deadline, and is told of in one line: every shape of question. */

import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { after, it } from "node:test";
import { noExecutable, start, temporary } from "../harness/agent_process.ts";
import { badService, badServices } from "../harness/bad_services.ts";
import { certificates } from "../harness/certificates.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

/** Options by which a collector asks 127.0.0.1 at a port. */
const shapes: Readonly<Record<string, (port: number) => string>> = {
  NginxCollector: (port) => `req_host = 127.0.0.1\nreq_port = ${port}\n`,
  MemcachedCollector: (port) => `hosts = 127.0.0.1:${port},\n`,
  ElasticSearchCollector: (port) => `port = ${port}\n`,
  MySQLCollector: (port) => `hosts = u:p@127.0.0.1:${port}/None,\n`,
  MongoDBCollector: (port) => `hosts = 127.0.0.1:${port},\n`,
  RedisCollector: (port) => `instances = 127.0.0.1:${port},\n`,
  PostgresqlCollector: (port) => `host = 127.0.0.1\nport = ${port}\n`,
  SNMPInterfaceCollector: (port) =>
    `[[[devices]]]\n[[[[box]]]]\nhost = 127.0.0.1\nport = ${port}\n`,
};
const DEADLINE = 1;
/** For the start of a program on a busy machine. */
const START = 4;

let files = 0;

async function collect(collector: string, options: string) {
  const conf = join(directory, `${++files}.conf`);
  const section = `[[${collector}]]\ncollect_timeout = ${DEADLINE}\n${options}`;
  writeFileSync(conf, `[server]\n[collectors]\n[[default]]\nhostname = h\n${section}`);
  const began = performance.now();
  const running = start(["collect", collector, "--rounds", "1", "-c", conf]);
  const code = await new Promise((resolve) => running.child.on("close", resolve));
  const lines = running.output().split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return { code, lines, seconds: (performance.now() - began) / 1000 };
}

describeWith("a collector whose service is", noExecutable, () => {
  for (const name of Object.keys(badServices) as (keyof typeof badServices)[]) {
    for (const [collector, options] of Object.entries(shapes)) {
      it(`${name}: ${collector}`, async () => {
        const service = await badService(name);
        const { code, lines, seconds } = await collect(collector, options(service.port));
        service.close();
        equal(code, 1);
        equal(lines.length, 1, lines.join("\n"));
        match(lines[0], new RegExp(`^${collector}: .*127\\.0\\.0\\.1:${service.port}.*`));
        ok(seconds < DEADLINE + START, `${seconds} s`);
      });
    }
  }

  it("locked: says that a login is missing", async () => {
    const service = await badService("locked");
    const of = async (collector: string) =>
      (await collect(collector, shapes[collector](service.port))).lines[0];
    match(await of("NginxCollector"), /answers 401: user and password are needed, or wrong$/);
    match(await of("RedisCollector"), /NOAUTH Authentication required/);
    service.close();
  });

  it("not encrypted: says that it does not look like TLS", async () => {
    const service = await badService("garbage");
    const options = `${shapes.NginxCollector(service.port)}req_ssl = True\n`;
    const { lines } = await collect("NginxCollector", options);
    service.close();
    equal(lines.length, 1);
    match(lines[0], /TLS|SSL/);
  });

  it("certified by nobody we know: says so, and is asked where the operator trusts it", async () => {
    const { ca, key, cert } = certificates(directory);
    const server = createHttpsServer({ key, cert }, (_, response) => response.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const url = `https://127.0.0.1:${port}/`;
    const asking: Record<string, string> = {
      ElasticSearchCollector: `${shapes.ElasticSearchCollector(port)}scheme = https\n`,
      NginxCollector: `${shapes.NginxCollector(port)}req_ssl = True\n`,
      RabbitMQCollector: `host = 127.0.0.1:${port}\nscheme = https\n`,
      HAProxyCollector: `url = ${url}\n`,
      HttpdCollector: `urls = it ${url},\n`,
      HttpCollector: `req_url = ${url},\n`,
      HTTPJSONCollector: `url = ${url}\n`,
      WebsiteMonitorCollector: `URL = ${url}\n`,
    };
    const said = async (collector: string, more: string) =>
      (await collect(collector, asking[collector] + more)).lines.join("\n");
    for (const collector of Object.keys(asking)) {
      match(await said(collector, ""), /certificate/, collector);
      match(await said(collector, `ca = ${ca}\n`), /right\.test|altname/i, collector);
      doesNotMatch(await said(collector, "tls_verify = False\n"), /certificate/, collector);
    }
    server.close();
  });

  it("one of three: the others' values are there, and those that fail are named", async () => {
    const [silent, dead] = [await badService("silent"), await badService("dead")];
    const stats = createServer((socket) =>
      void socket.once("data", () => socket.end("STAT curr_items 3\r\nEND\r\n"))
    );
    await new Promise<void>((resolve) => stats.listen(0, "127.0.0.1", resolve));
    const { port } = stats.address() as AddressInfo;
    const hosts = [silent.port, dead.port, port].map((one, at) => `s${at}@127.0.0.1:${one}`);
    const { lines } = await collect("MemcachedCollector", `hosts = ${hosts.join(", ")}\n`);
    silent.close();
    stats.close();
    equal(lines.length, 2, lines.join("\n"));
    ok(lines.some((line) => line.startsWith("servers.h.memcached.s2.curr_items 3 ")));
    const said = lines.find((line) => line.startsWith("MemcachedCollector: "))!;
    match(said, new RegExp(`127.0.0.1:${silent.port} did not answer in time`));
    match(said, new RegExp(`cannot connect to 127.0.0.1:${dead.port}`));
  });
});

describeWith("a collector whose command", noExecutable, () => {
  const misdeeds = {
    "is not there": [undefined, /nosuch/],
    "fails": ["echo 'the queue is locked' >&2; exit 75", /ended with 75: the queue is locked$/],
    "hangs": ["sleep 60", /in time|took longer/],
    "writes without end": ["yes", /writes without end$/],
  } as const;
  for (const [name, [script, expected]] of Object.entries(misdeeds)) {
    it(name, async () => {
      const bin = join(directory, script === undefined ? "nosuch" : `${++files}.sh`);
      if (script !== undefined) writeFileSync(bin, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const { code, lines, seconds } = await collect("PostqueueCollector", `bin = ${bin}\n`);
      deepEqual([code, lines.length], [1, 1], lines.join("\n"));
      match(lines[0], expected);
      ok(seconds < DEADLINE + START, `${seconds} s`);
    });
  }
});
