/** Points by InfluxDB's write API: what clients are answered, and how much they can send. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { gzipSync } from "node:zlib";
import { singleRunner } from "../../src/agent/parts.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { createHost } from "../../src/platform/host.ts";
import { freePort, temporary } from "../harness/agent_process.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: directory, remove } = temporary();
after(remove);
const name = "InfluxListenerCollector";

async function listening(options: string) {
  const port = await freePort();
  const path = join(directory, "diamond.conf");
  writeFileSync(
    path,
    `[server]\n[collectors]\n[[${name}]]\nenabled = True\nhostname = web1\ninterval = 10\n` +
      `listener_port = ${port}\n${options}`,
  );
  const settings = await resolveSettings({ path, files: configFiles, catalogue: { collectors, handlers }, only: [name] });
  deepEqual(settings.problems, []);
  const host = createHost({ procfs: "", sysfs: "", rootfs: "" });
  const runner = await singleRunner(settings.collectors[0], host, recordedLog());
  const published = async () => {
    const { metrics, error } = await runner.run(1_700_000_000);
    equal(error, undefined);
    return metrics.map(({ series, value, timestamp }) =>
      `${series.path.replace("servers.web1.influx.", "")} ${value} ${timestamp}`
    ).filter((line) => !/listener\.\w+ 0 /.test(line));
  };
  await published();
  const post = async (to: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${port}${to}`, { method: "POST", body, headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text && JSON.parse(text) };
  };
  return { port, runner, published, post };
}

it("takes what clients of every version write, packed or not", async () => {
  const { post, published, runner } = await listening("labels = pairs\nmetrics_blacklist = secret\n");
  equal((await post("/write?db=a", "cpu,host=a,cpu=0 user=1.5 1700000001999999999")).status, 204);
  const packed = new Uint8Array(gzipSync("disk,path=/var free=2i,note=\"x\" 1700000002"));
  equal((await post("/api/v2/write?org=o&precision=s", packed, { "content-encoding": "gzip" })).status, 204);
  equal((await post("/api/v3/write_lp?db=a", "load value=3,secret=1 1700000003000\nsecret value=1")).status, 204);
  deepEqual(await published(), [
    "cpu.cpu.0.host.a.user 1.5 1700000001",
    "disk.path._var.free 2 1700000002",
    "load 3 1700000003",
    "load.secret 1 1700000003",
    "listener.points 5 1700000000",
    "listener.texts 1 1700000000",
  ]);
  await runner.dispose();
});

it("takes the good lines of a request, and names the first bad one", async () => {
  const { post, published, runner } = await listening("");
  const { status, body } = await post("/write?precision=s", "a v=1\n\nno line\nb v=2 5 x\nc v=3");
  deepEqual([status, body.code, body.line], [400, "invalid", 3]);
  equal(body.error, body.message);
  match(body.error, /^partial write: line 3: a field has no key or no value: no line \(lines left out: 2\)$/);
  equal((await post("/write?precision=years", "a v=1")).status, 400);
  deepEqual(await published(), [
    "a.v 1 1700000000",
    "c.v 3 1700000000",
    "listener.points 2 1700000000",
    "listener.unreadable 3 1700000000",
  ]);
  await runner.dispose();
});

it("answers what clients ask first, and nothing that it does not have", async () => {
  const { port, post, runner } = await listening("");
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  equal((await get("/ping")).status, 204);
  match(await (await get("/health")).text(), /"status":"pass"/);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  deepEqual((await post("/query", "q=CREATE+DATABASE+%22t%22", form)).body, { results: [{ statement_id: 0 }] });
  equal((await post("/query", "q=SHOW+DATABASES", form)).status, 400);
  deepEqual([(await get("/write")).status, (await get("/")).status], [405, 404]);
  await runner.dispose();
});

it("lets programs wait where there is no room, and counts what is over a limit", async () => {
  const { post, published, runner } = await listening("max_points = 4\nmax_names = 3\n");
  const lines = (name: string, ...times: number[]) =>
    times.map((time) => `${name} v=${time} 170000000${time}\n`).join("");
  const write = (text: string) => post("/write?precision=s", text);
  equal((await write(lines("a", 1, 2))).status, 204);
  const late = await write(lines("b", 1, 2, 3));
  deepEqual([late.status, late.headers.get("retry-after")], [429, "10"]);
  deepEqual(await published(), [
    "a.v 1 1700000001",
    "a.v 2 1700000002",
    "listener.points 2 1700000000",
    "listener.left_out 1 1700000000",
  ]);
  const { status, body } = await write(
    lines("b", 1, 2, 3) + lines("c", 1) + lines("d", 1) + lines("e", 1),
  );
  equal(status, 400);
  match(body.error, /^partial write: more than max_points = 4, with "d.v"$/);
  ok((await published()).includes("listener.left_out 2 1700000000"));
  match((await write(lines("d", 1))).body.error, /more than max_names = 3, with "d.v"/);
  await runner.dispose();
});
