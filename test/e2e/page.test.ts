/** The page as users, Grafana and attackers meet it: `[server] page` and `run --page` of the executable. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, before, it } from "node:test";
import {
  agent,
  freePort,
  noExecutable,
  type Running,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const TOKEN = "a-token-of-this-test-0123456789";
const folder = temporary();
after(folder.remove);

/** A configuration that collects each second into a history. */
function configured(name: string, server: string): string {
  const path = join(folder.path, name);
  const base = join(folder.path, `${name}.d`);
  writeFileSync(
    path,
    `[server]
handlers = HistoryHandler, ArchiveHandler
state_path = ${base}
socket = ${base}.sock
${server}
[handlers]
[[HistoryHandler]]
path = ${base}/history.db
[[ArchiveHandler]]
log_file = ${base}/archive.log
[collectors]
[[default]]
interval = 1
hostname = web1
[[LoadAverageCollector]]
enabled = True
[[MemoryCollector]]
enabled = True
[[CPUCollector]]
enabled = True
`,
  );
  return path;
}

function run(conf: string, ...more: string[]): Running {
  return start(["run", "-f", "-l", "--skip-pidfile", "-c", conf, ...more]);
}

/** Sends bytes; resolves with all that comes until the server ends. */
function raw(port: number, text: string, host = "127.0.0.1"): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, host, () => socket.write(text));
    socket.on("error", () => {});
    socket.on("data", (chunk) => (answer += chunk));
    socket.on("close", () => resolve(answer));
  });
}

const statusOf = async (port: number, text: string) =>
  Number(/^HTTP\/1\.1 (\d+)/.exec(await raw(port, text))?.[1]);

const ask = (target: string, ...headers: string[]) =>
  [`GET ${target} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n");

const isUp = (port: number) => async () =>
  await fetch(`http://127.0.0.1:${port}/api/status`).then((answer) => answer.ok, () => false);

/** Whether a process listens anywhere by TCP. */
function listens(pid: number): boolean {
  const inodes = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
    } catch {
      return undefined;
    }
  });
  const sockets = readFileSync("/proc/net/tcp", "utf8").split("\n").map((line) =>
    line.trim().split(/\s+/)
  );
  return sockets.some((columns) => columns[3] === "0A" && inodes.includes(columns[9]));
}

function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

const linux = process.platform === "linux" ? noExecutable : "Linux only";

describeWith("the page", linux, () => {
  it("is off unless asked for, comes and goes with a reload, and --page turns it on", async () => {
    const conf = configured("reload.conf", "");
    const running = run(conf);
    await until("it runs", () => running.output().includes("runs 4 collectors"));
    equal(listens(running.pid), false);
    const [port, other] = [await freePort(), await freePort()];
    configured("reload.conf", `page = 127.0.0.1:${port}`);
    running.child.kill("SIGHUP");
    await until("the page comes", isUp(port));
    configured("reload.conf", `page = 127.0.0.1:${other}`);
    running.child.kill("SIGHUP");
    await until("it moves", isUp(other));
    equal(await isUp(port)(), false);
    configured("reload.conf", "");
    running.child.kill("SIGHUP");
    await until("it goes", async () => !await isUp(other)());
    equal(await running.end(), 0);
    const flagged = run(conf, "--page", `127.0.0.1:${port}`);
    await until("the flag turns it on", isUp(port));
    equal(await flagged.end(), 0);
  });

  it("goes on without it where the port is taken, and serves it once that is free", async () => {
    const port = await freePort();
    const first = run(configured("first.conf", `page = 127.0.0.1:${port}`));
    await until("the first has it", isUp(port));
    const conf = configured("second.conf", `page = 127.0.0.1:${port}`);
    const second = run(conf);
    await until("it says why", () => /The page cannot be served: cannot li/.test(second.output()));
    match(agent(["status", "-c", conf]).stdout, /the page cannot be served: cannot listen at 127/);
    await first.end();
    await until("the second has it", isUp(port), 30);
    equal(await second.end(), 0);
  });

  it("needs a token where it can be reached from elsewhere, and says so with file and line", () => {
    const conf = configured("open.conf", "page = 0.0.0.0:9125");
    match(agent(["check", "-c", conf]).stderr, /open\.conf:5: error: .*set page_token as well/);
    const started = agent(["run", "-f", "-c", configured("a.conf", ""), "--page", "0.0.0.0:9125"]);
    equal(started.code, 1);
    match(started.stderr, /can be reached from elsewhere: set page_token/);
    equal(agent(["run", "-f", "-c", conf, "--page", "nowhere"]).code, 2);
  });

  it("keeps its token to itself, and asks for it everywhere", async () => {
    const port = await freePort();
    const server = `page = 0.0.0.0:${port}\npage_token = ${TOKEN}\npage_hosts = metrics.example`;
    const conf = configured("token.conf", server);
    const running = run(conf, "--debug");
    await until("it runs", () => running.output().includes("The page is at"));
    for (
      const target of ["/", "/api/status", "/api/events", "/render?target=a&format=json", "/x"]
    ) {
      equal(await statusOf(port, ask(target)), 401, target);
      equal(await statusOf(port, ask(target, `Authorization: Bearer ${TOKEN}x`)), 401, target);
    }
    equal(await statusOf(port, ask("/api/status", `Authorization: Bearer ${TOKEN}`)), 200);
    const entrance = await raw(port, ask(`/?token=${TOKEN}`));
    const cookie = /set-cookie: ([^;]+)/.exec(entrance)![1];
    equal(await statusOf(port, ask("/", `Cookie: ${cookie}`)), 200);
    const named = (host: string) =>
      `GET /api/status HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\n\r\n`;
    equal(await statusOf(port, named("metrics.example")), 200);
    equal(await statusOf(port, named("evil.example")), 403);
    const said = [
      running.output(),
      agent(["check", "-c", conf, "--print"]).stdout,
      agent(["status", "-c", conf, "--json"]).stdout,
      await raw(port, ask("/api/status", `Cookie: ${cookie}`)),
      await raw(port, ask("/", `Cookie: ${cookie}`)),
    ].join("\n");
    ok(!said.includes(TOKEN));
    equal(await running.end(), 0);
  });
});

describeWith("the page under attack", linux, () => {
  let port = 0;
  let running: Running;
  const sockets: Socket[] = [];

  before(async () => {
    port = await freePort();
    running = run(configured("attack.conf", `page = 127.0.0.1:${port}`));
    await until("it runs", isUp(port));
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await running.end();
  });

  const open = (text: string): Socket => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("error", () => {});
    sockets.push(socket);
    return socket;
  };

  it("answers under its own names only: another one may have been made to lead here", async () => {
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.1.2.3"]) {
      equal(await statusOf(port, `GET /api/status HTTP/1.1\r\nHost: ${host}\r\n\r\n`), 403, host);
    }
    equal(await statusOf(port, "GET /api/status HTTP/1.1\r\n\r\n"), 400);
    equal(
      await statusOf(port, "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      403,
    );
  });

  it("refuses what other sites ask for, and lets none read, frame or script anything", async () => {
    equal(await statusOf(port, ask("/api/status", "Sec-Fetch-Site: cross-site")), 403);
    equal(await statusOf(port, ask("/api/events", "Origin: http://evil.example")), 403);
    const answer = await raw(port, ask("/api/status"));
    for (const header of ["access-control", "set-cookie"]) ok(!answer.includes(header), header);
    match(answer, /x-content-type-options: nosniff/);
    match(answer, /content-security-policy: default-src 'none'/);
    const page = await raw(port, ask("/"));
    match(
      page,
      /content-security-policy: default-src 'none'; script-src 'sha256-[^']+'; style-src/,
    );
    ok(!/unsafe-|https?:\/\/(?!www\.w3\.org)/.test(page.split("\r\n\r\n")[0]));
  });

  it("only reads", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]) {
      equal(await statusOf(port, ask("/api/status").replace("GET", method)), 405, method);
    }
    equal(await statusOf(port, ask("/api/status").replace("GET", "HEAD")), 200);
  });

  it("has no files: tricks with paths find nothing, and nothing is said back", async () => {
    const tricks = [
      ...["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/api/../etc/passwd"],
      ...["/api/status/", "/API/STATUS", "/api/status%00", "/..;/", "/constructor", "/__proto__"],
      "/<script>alert(1)</script>",
    ];
    for (const trick of tricks) {
      const answer = await raw(port, ask(trick.replaceAll(" ", "%20")));
      match(answer, /^HTTP\/1\.1 404 [^]*\{"error":"there is nothing here"\}$/, trick);
    }
    const marked = await raw(
      port,
      ask(`/render?format=json&target=alias(constantLine(1),'<img/src=x>')`),
    );
    match(marked, /content-type: application\/json[^]*<img\/src=x>/);
  });

  it("refuses huge requests and huge work, and goes on collecting meanwhile", async () => {
    const archive = () => readFileSync(join(folder.path, "attack.conf.d/archive.log"), "utf8");
    const form = (length: number, text = "") =>
      `POST /render HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n${text}`;
    equal(await statusOf(port, ask(`/${"a".repeat(20_000)}`)), 431);
    equal(await statusOf(port, form(1e8)), 413);
    const nested = `${"sumSeries(".repeat(500)}a${")".repeat(500)}`;
    const again = `${"movingAverage(".repeat(20)}*.*.*.*${",2)".repeat(20)}`;
    const heavy = [
      `/render?format=json&target=${nested}`,
      `/render?format=json&target=${again}`,
      `/render?format=json&target=${"{a,b}".repeat(100)}`,
      `/render?format=json&from=0&until=99999999999999&target=*.*.*.*.*`,
      `/metrics/find?query=${"*".repeat(900)}x`,
      `/metrics/find?query=${"[a-z]*".repeat(150)}`,
      `/api/series?match=${"{a,b}".repeat(100)}`,
      `/api/read?points=1e300&from=-1e300&to=1e300&path=a`,
      `/api/read?from=0&to=9e15&points=2000&${"path=servers.web1.loadavg.01&".repeat(190)}`,
      `/api/tree?prefix=${"a.".repeat(5000)}`,
      `/api/explain?path=${"*".repeat(1000)}`,
    ];
    const begun = archive().length;
    for (let round = 0; round < 3; round++) {
      const statuses = await Promise.all(heavy.map((target) => statusOf(port, ask(target))));
      for (const status of statuses) ok(status === 200 || status === 400, `${statuses}`);
    }
    await until("points go on", () => archive().length > begun + 1000);
    const stamps = new Set([...archive().matchAll(/loadavg\.01 \S+ (\d+)/g)].map(([, at]) => +at));
    const [first, last] = [Math.min(...stamps), Math.max(...stamps)];
    ok(stamps.size >= last - first, "no second is missing");
  });

  it("stays as it is under 1,000 connections, slow readers and streams that nobody reads", async () => {
    const flood = async () => {
      for (let at = 0; at < 700; at++) open("GET / HTTP/1.1\r\nHost: loc");
      for (let at = 0; at < 150; at++) open(ask("/")).pause();
      for (let at = 0; at < 150; at++) {
        open(ask("/api/events?path=servers.web1.cpu.total.user")).pause();
      }
      // All come from one address, so that one of those may be closed in the first moment.
      for (let round = 0; round < 10; round++) await until("it answers", isUp(port));
      const files = readdirSync(`/proc/${running.pid}/fd`).length;
      ok(files < 400, `${files} descriptors`);
      for (const socket of sockets.splice(0)) socket.destroy();
    };
    // The first ones fill what the runtime keeps for the next.
    for (let round = 0; round < 4; round++) await flood();
    const before = rssOf(running.pid);
    for (let round = 0; round < 4; round++) await flood();
    const grown = rssOf(running.pid) - before;
    ok(grown < 20, `RSS has grown by ${grown} MB`);
  });
});

describeWith("a Grafana", linux, () => {
  let port = 0;
  let running: Running;
  before(async () => {
    port = await freePort();
    running = run(configured("grafana.conf", `page = 127.0.0.1:${port}`));
    await until("it runs", isUp(port));
    await new Promise((resolve) => setTimeout(resolve, 4000));
  });
  after(() => running.end());

  /** As its data source for Graphite posts them. */
  const post = async (path: string, form: Record<string, string>, query = "") => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}${query}`, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form),
    });
    equal(answer.status, 200, path);
    return JSON.parse(await answer.text());
  };
  const get = async (path: string) =>
    JSON.parse(await (await fetch(`http://127.0.0.1:${port}${path}`)).text());

  it("saves and tests the data source, and learns version and functions", async () => {
    const form = { target: "constantLine(100)", from: "-1h", until: "now", format: "json" };
    const [line] = await post("/render", { ...form, maxDataPoints: "300" });
    deepEqual(line.datapoints.map(([value]: [number]) => value), [100, 100, 100]);
    equal(await get("/version"), "1.1.8");
    ok("sumSeries" in await get("/functions"));
  });

  it("fills the editor and the variables of a dashboard", async () => {
    const range = "?from=-6h&until=now";
    const texts = (nodes: { text: string }[]) => nodes.map(({ text }) => text);
    deepEqual(texts(await post("/metrics/find", { query: "*" }, range)), ["servers"]);
    deepEqual(texts(await post("/metrics/find", { query: "servers.*" }, range)), ["web1"]);
    const found = texts(await get("/metrics/find?query=servers.web1.loadavg.*"));
    ok(found.includes("01") && found.includes("processes_total"));
  });

  it("draws a panel: values of the last seconds, by alias, in as many points as it wants", async () => {
    const form = {
      target: "aliasByNode(servers.*.memory.Mem{Free,Total}, 1, 3)",
      ...{ from: "-5min", until: "now", format: "json", maxDataPoints: "1000" },
    };
    const series = await post("/render", form);
    deepEqual(series.map(({ target }: { target: string }) => target).sort(), [
      ...["web1.MemFree", "web1.MemTotal"],
    ]);
    const known = series[0].datapoints.filter(([value]: [number | null]) => value !== null);
    ok(known.length >= 2 && known[0][0] > 1e6, JSON.stringify(known));
  });
});
