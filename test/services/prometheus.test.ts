/** A real Prometheus asks the executable, and answers with what is true. */

import { equal, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import {
  endWithTests,
  freePort,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);
const noPrometheus = existsSync("/usr/bin/prometheus") && existsSync("/usr/bin/promtool")
  ? false
  : "prometheus is not installed";

const PER_SECOND = 40;

describeWith("Prometheus", noExecutable || noPrometheus, () => {
  it("finds nothing to complain of, and knows the rate of a counter", async () => {
    const [port, own] = [await freePort(), await freePort()];
    const snmp = (count: number) => `Tcp: ActiveOpens CurrEstab\nTcp: ${count} 7\n`;
    const proc = join(directory, "proc");
    mkdirSync(join(proc, "net"), { recursive: true });
    const began = Date.now();
    const write = () =>
      writeFileSync(
        join(proc, "net/snmp"),
        snmp(Math.floor(1000 + (PER_SECOND * (Date.now() - began)) / 1000)),
      );
    write();
    const timer = setInterval(write, 50);
    writeFileSync(
      join(directory, "diamond.conf"),
      `[server]\nhandlers = PrometheusHandler\nstate_path = ${directory}/state\nprocfs = ${proc}\n[handlers]\n[[PrometheusHandler]]\nport = ${port}\n` +
        `[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n[[TCPCollector]]\nenabled = True\n`,
    );
    writeFileSync(
      join(directory, "prometheus.yml"),
      `global:\n  scrape_interval: 1s\nscrape_configs:\n- job_name: diamond\n  static_configs:\n  - targets: ["127.0.0.1:${port}"]\n`,
    );
    const running = start(["run", "-lf", "-c", join(directory, "diamond.conf"), "--skip-pidfile"]);
    const prometheus = spawn("/usr/bin/prometheus", [
      `--config.file=${join(directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${own}`,
    ], { stdio: "ignore", env: {} });
    endWithTests(prometheus);
    const page = async (accept = "text/plain") => {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } });
      return { text: await answer.text(), type: answer.headers.get("content-type") };
    };
    await until(
      "there is a counter",
      async () => (await page().catch(() => ({ text: "" }))).text.includes("_total{"),
    );
    const { text } = await page();
    const checked = spawnSync("/usr/bin/promtool", ["check", "metrics"], {
      input: text,
      encoding: "utf8",
    });
    equal(`${checked.status} ${checked.stderr}`, "0 ");
    ok((await page("application/openmetrics-text")).text.endsWith("# EOF\n"));
    equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);

    const query = async (expression: string) => {
      const url = `http://127.0.0.1:${own}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const { data } = await (await fetch(url)).json() as {
        data?: { result: { value: [number, string] }[] };
      };
      return Number(data?.result[0]?.value[1] ?? NaN);
    };
    const rate = 'rate(diamond_tcp_events_total{counter="ActiveOpens",host="web1"}[8s])';
    const found = await until("Prometheus knows the rate", async () => {
      const value = await query(rate).catch(() => NaN);
      return Math.abs(value - PER_SECOND) < PER_SECOND * 0.15 ? value : undefined;
    }, 30);
    ok(found > 0);
    equal(await query('diamond_tcp{counter="CurrEstab"}'), 7);
    clearInterval(timer);
    equal(await running.end(), 0);
    prometheus.kill();
  });
});
