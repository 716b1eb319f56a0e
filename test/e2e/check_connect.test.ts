/** `check --connect` on the executable: does each handler reach its backend, and may the agent write where it must? */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import {
  executable,
  freePort,
  lineServer,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { certificates, CERTIFIED_NAME, noOpenssl } from "../harness/certificates.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: base, remove } = temporary();
chmodSync(base, 0o755);
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
  remove();
});
const isRoot = process.getuid?.() === 0;
let number = 0;

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

interface Line {
  readonly name: string;
  readonly ok: boolean;
  readonly what: string;
  readonly todo?: string;
}

interface Checked {
  readonly code: number | null;
  readonly lines: readonly Line[];
  of(name: string): readonly Line[];
}

/** With a section for each handler; the servers of this process must be able to answer meanwhile. */
async function check(
  handlers: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
  server = "",
  collectors = "",
): Promise<Checked> {
  const conf = join(base, `c${number++}.conf`);
  const sections = Object.entries(handlers).map(([name, lines]) => `[[${name}]]\n${lines}\n`);
  writeFileSync(
    conf,
    `[server]\nhandlers = ${Object.keys(handlers).join(", ")}\npid_file = ${base}/agent.pid\n` +
      `state_path = ${base}/state\n${server}[handlers]\n${sections.join("")}` +
      "[collectors]\n[[default]]\nhostname = h\n[[LoadAverageCollector]]\nenabled = True\n" +
      collectors,
  );
  const running = start(["check", "-c", conf, "--connect", "--json", ...flags]);
  const code = await new Promise<number | null>((resolve) => running.child.on("close", resolve));
  const lines = JSON.parse(running.output()).tried as Line[];
  return { code, lines, of: (name) => lines.filter((line) => line.name === name) };
}

describeWith("check --connect", noExecutable, () => {
  it("reaches a Graphite without writing, and writes one point if asked to", async () => {
    const graphite = await lineServer();
    const handlers = { GraphiteHandler: `host = 127.0.0.1\nport = ${graphite.port}` };
    const dry = await check(handlers);
    equal(dry.code, 0);
    match(dry.of("GraphiteHandler")[0].what, /^connects to 127\.0\.0\.1:\d+, \d+ ms$/);
    deepEqual(graphite.lines, []);
    const wet = await check(handlers, ["--write"]);
    equal(wet.code, 0);
    match(
      wet.of("GraphiteHandler")[1].what,
      /^wrote servers\.h\.diamond\.check: the network took it/,
    );
    await until("it has come", () => graphite.lines.length > 0);
    equal(graphite.lines.length, 1);
    match(graphite.lines[0], /^servers\.h\.diamond\.check 1 \d+$/);
    await graphite.close();
  });

  it("says what is wrong, and what to do: nothing there, no such name, a wrong port", async () => {
    const ssh = await listen(createServer((socket) => {
      socket.on("error", () => {});
      socket.write("SSH-2.0-OpenSSH_9.2\r\n");
    }));
    const web = await listen(
      createHttpServer((_, response) => response.end("x")) as unknown as Server,
    );
    const closed = await freePort();
    const { code, of } = await check({
      "GraphiteHandler closed": `host = 127.0.0.1\nport = ${closed}`,
      "GraphiteHandler name": "host = no-such-host.invalid",
      "GraphiteHandler ssh": `host = 127.0.0.1\nport = ${ssh}`,
      "GraphiteHandler web": `host = 127.0.0.1\nport = ${web}`,
      InfluxdbHandler: `hostname = 127.0.0.1\nport = ${web}`,
    }, ["--write"]);
    equal(code, 1);
    const expected: readonly [string, RegExp][] = [
      ["GraphiteHandler closed", /connection refused/],
      ["GraphiteHandler name", /cannot resolve/],
      ["GraphiteHandler ssh", /looks like an SSH server/],
      ["GraphiteHandler web", /looks like an HTTP server/],
    ];
    for (const [name, what] of expected) {
      const failed = of(name).find((line) => !line.ok);
      match(failed?.what ?? "", what);
      ok(failed?.todo, name);
    }
    match(of("InfluxdbHandler")[0].what, /^connects to http:/);
  });

  it(
    "by TLS: a certificate that is not trusted is a failure, in time",
    { skip: noOpenssl },
    async () => {
      const { cert, key, ca } = certificates(base);
      const port = await listen(
        createTlsServer({ cert, key }, (socket) => void socket.on("error", () => {})),
      );
      const silent = await lineServer({ reads: false });
      const tls = `host = 127.0.0.1\ntls = True\ntimeout = 2\nserver_name = ${CERTIFIED_NAME}`;
      const { of } = await check({
        "GraphiteHandler good": `${tls}\nport = ${port}\nca = ${ca}`,
        "GraphiteHandler untrusted": `${tls}\nport = ${port}`,
        "GraphiteHandler silent": `${tls}\nport = ${silent.port}`,
      });
      match(of("GraphiteHandler good")[0].what, /by TLS/);
      equal(of("GraphiteHandler good")[0].ok, true);
      match(of("GraphiteHandler untrusted")[0].what, /certificate/);
      match(of("GraphiteHandler silent")[0].what, /in time/);
      await silent.close();
    },
  );

  it(
    "names paths that cannot be written, as the user that the agent becomes",
    { skip: !isRoot },
    async () => {
      mkdirSync(join(base, "roots"));
      const archive = `log_file = ${base}/roots/archive.log`;
      const { code, of } = await check({ ArchiveHandler: archive }, ["--write"], "user = nobody\n");
      equal(code, 1);
      match(of("ArchiveHandler")[0].what, /cannot write .*archive\.log: permission denied/);
      equal(existsSync(`${base}/roots/archive.log`), false, "nothing is left there for root alone");
      equal(of("pid file")[0].ok, true);
      const sound = await check({ ArchiveHandler: archive });
      equal(sound.code, 0);
    },
  );

  it("an endpoint that the running agent answers at is not a failure", async () => {
    const port = await freePort();
    const handlers = { PrometheusHandler: `port = ${port}` };
    equal(
      (await check(handlers)).of("PrometheusHandler")[0].what,
      `can answer at 127.0.0.1:${port}`,
    );
    const running = start(["run", "-f", "-c", join(base, `c${number - 1}.conf`)]);
    const [line] = await until("it answers there", async () => {
      const found = (await check(handlers)).of("PrometheusHandler");
      return /in use/.test(found[0].what) ? found : undefined;
    });
    equal(line.ok, true);
    await running.end();
  });

  it("tries the ports of listeners, which the running agent may have", async () => {
    const [line, pickle, datagrams] = [
      await freePort(),
      await listen(createServer()),
      await freePort(),
    ];
    const collectors = "[[GraphiteListenerCollector]]\nenabled = True\ninterval = 1\n" +
      `listener_port = ${line}\npickle_port = ${pickle}\n` +
      `[[StatsdListenerCollector]]\nenabled = True\ninterval = 1\nlistener_port = ${datagrams}\n`;
    const archive = { ArchiveHandler: `log_file = ${base}/archive.log` };
    const first = await check(archive, [], "", collectors);
    equal(first.code, 1);
    const found = first.of("GraphiteListenerCollector");
    deepEqual(found.map(({ ok, what }) => `${ok} ${what}`), [
      `true can listen at 127.0.0.1:${line} (TCP)`,
      `false cannot listen at 127.0.0.1:${pickle}: address already in use (TCP)`,
      `true can listen at 127.0.0.1:${line} (UDP)`,
    ]);
    match(found[1].todo ?? "", /ss -lntuxp/);
    equal(
      first.of("StatsdListenerCollector")[0].what,
      `can listen at 127.0.0.1:${datagrams} (UDP)`,
    );
    servers.pop()!.close();
    const running = start(["run", "-f", "-c", join(base, `c${number - 1}.conf`)]);
    const taken = `the running agent listens at 127.0.0.1:${pickle} (TCP)`;
    await until("the agent listens", async () => {
      const { code, lines } = await check(archive, [], "", collectors);
      return code === 0 && lines.some(({ what }) => what === taken);
    });
    await running.end();
  });

  it("--write alone is wrong usage, and the text has a line for each", async () => {
    const conf = join(base, "c0.conf");
    ok(readFileSync(conf, "utf8").includes("GraphiteHandler"));
    const wrong = start(["check", "-c", conf, "--write"]);
    equal(await new Promise((resolve) => wrong.child.on("close", resolve)), 2);
    const text = start(["check", "-c", conf, "--connect"], { program: executable });
    equal(await new Promise((resolve) => text.child.on("close", resolve)), 1);
    match(
      text.output(),
      /Connections and paths\n {2}failed {2}GraphiteHandler {2}cannot connect .*\n?.*To do/,
    );
  });
});
