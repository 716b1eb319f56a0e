/** The executable writes remote write 2.0: to a receiver that reads it by its schema, and to real servers that know 1.0. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { noDatabases, startPrometheus, startVictoriaMetrics } from "../harness/databases.ts";
import { describeWith } from "../harness/describe_with.ts";
import { noProtoc, readRequest2, writeReceiver } from "../harness/remote_write_2.ts";
import { archived } from "../harness/stored.ts";

const { path: directory, remove } = temporary();
after(remove);
const noPrometheus = existsSync("/usr/bin/prometheus") ? false : "prometheus is not installed";

describeWith("remote write 2.0", noExecutable || noDatabases || noPrometheus || noProtoc, () => {
  it("every point arrives once, and what is not written is told", async () => {
    const base = (name: string) => join(directory, name);
    const [victoria, prometheus] = await Promise.all([
      startVictoriaMetrics(base("victoria")),
      startPrometheus(base("prometheus")),
    ]);
    const read = (body: Uint8Array) => readRequest2(base("schema"), body);
    // It leaves two samples of the first write out.
    const receiver = await writeReceiver(({ body }, number) => {
      const { length } = read(body);
      return { status: 204, written: number === 0 ? length - 2 : length };
    });
    const urls = {
      new: `http://127.0.0.1:${receiver.port}/api/v1/push`,
      prometheus: `http://127.0.0.1:${prometheus.port}/api/v1/write`,
      victoria: `http://127.0.0.1:${victoria.port}/api/v1/write`,
    };
    const names = Object.keys(urls).map((name) => `PrometheusRemoteWriteHandler ${name}`);
    const sections = Object.entries(urls).map(([name, url]) =>
      `[[PrometheusRemoteWriteHandler ${name}]]\nurl = ${url}\nprotocol_version = 2\nheaders = X-Scope-OrgID: team-a\n`
    );
    const conf = base("diamond.conf");
    writeFileSync(
      conf,
      `[server]\nstate_path = ${base("state")}\npid_file = ${base("agent.pid")}\n` +
        `self_metrics = False\nhandlers = ${names.join(", ")}, ArchiveHandler\n` +
        `[handlers]\n${sections.join("")}[[ArchiveHandler]]\nlog_file = ${base("archive.log")}\n` +
        `[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n[[CPUCollector]]\nenabled = True\n` +
        `[[MemoryCollector]]\nenabled = True\n[[TCPCollector]]\nenabled = True\n`,
    );
    const running = start(["run", "-lf", "-c", conf]);
    await until(
      "eight seconds are collected",
      () => new Set(archived(base("archive.log")).map(({ timestamp }) => timestamp)).size >= 8,
      30,
    );
    const { stdout, code } = agent(["status", "--json", "-c", conf]);
    equal(code, 1, "degraded, since points were dropped");
    const { handlers, degraded } = JSON.parse(stdout);
    deepEqual(degraded, [`${names[0]} has dropped 2 metrics`]);
    equal(handlers[0].dropped.refused, 2);
    equal(await running.end(), 0);
    match(running.output(), /does not take remote write 2\.0: it gets 1\.0/);

    const points = archived(base("archive.log"));
    const keys = (stored: Map<string, Map<number, number>>) =>
      [...stored.values()].reduce((sum, { size }) => sum + size, 0);
    equal(keys(await prometheus.stored()), points.length, "Prometheus has all");
    equal(keys(await victoria.stored()), points.length, "VictoriaMetrics has all");
    const samples = receiver.taken.flatMap(({ body }) => read(body));
    equal(samples.length, points.length, "the receiver has all");
    const of = ({ labels, timestamp }: typeof samples[number]) =>
      `${JSON.stringify(labels)} ${timestamp}`;
    equal(new Set(samples.map(of)).size, points.length, "each once");
    ok(samples.every(({ type, help }) => type !== "UNSPECIFIED" && help !== ""));
    const counters = samples.filter(({ type }) => type === "COUNTER");
    ok(counters.length > 0);
    ok(counters.every(({ start: begin, timestamp }) => begin !== undefined && begin < timestamp));
    ok(samples.every(({ type, start: begin }) => type === "COUNTER" || begin === undefined));
    for (const { headers, path } of receiver.taken) {
      equal(headers["x-scope-orgid"], "team-a");
      equal(path, "/api/v1/push");
    }
    receiver.close();
    await Promise.all([victoria.stop(), prometheus.stop()]);
  });
});
