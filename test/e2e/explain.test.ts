/** `explain` on the executable: with a running agent, and without one. */

import { equal, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
import { noPython } from "../harness/pythons.ts";

const { path: base, remove } = temporary();
const conf = join(base, "diamond.conf");
let running: Running;
after(async () => {
  await running?.end();
  remove();
});

interface Answer {
  readonly code: number | null;
  readonly verdict: string;
  readonly rows: readonly { label: string; value: string; where?: string }[];
  row(label: string): { value: string; where?: string };
}

function explain(word: string, file = conf): Answer {
  const { code, stdout } = agent(["explain", word, "-c", file, "--json"], {
    env: { PATH: process.env.PATH! },
  });
  const answer = JSON.parse(stdout);
  return {
    ...{ code, ...answer },
    row: (label) =>
      answer.rows.find((row: { label: string }) => row.label === label) ?? { value: "" },
  };
}

/** Where a text stands in the configuration. */
function lineOf(text: string): string {
  const lines = readFileSync(conf, "utf8").split("\n");
  return `${conf}:${lines.findIndex((line) => line.startsWith(text)) + 1}`;
}

const PYTHON = `import diamond.collector
class QueueLenCollector(diamond.collector.Collector):
    def get_default_config(self):
        config = super(QueueLenCollector, self).get_default_config()
        config.update({'path': 'queue'})
        return config
    def collect(self):
        self.publish('length', 7)
`;

function configuration(port: number): string {
  return `[server]
handlers = ArchiveHandler, GraphiteHandler
pid_file = ${base}/agent.pid
state_path = ${base}/state
collectors_path = ${base}/mine
[handlers]
[[ArchiveHandler]]
log_file = ${base}/archive.log
[[GraphiteHandler]]
host = 127.0.0.1
port = ${port}
[[StatsdHandler]]
host = 127.0.0.1
[collectors]
[[default]]
interval = 1
hostname = h
[[CPUCollector]]
enabled = True
[[LoadAverageCollector]]
enabled = True
metrics_blacklist = .*normalized,
[[NginxCollector]]
enabled = False
[[QueueLenCollector]]
enabled = True
`;
}

describeWith("explain", noExecutable, () => {
  before(async () => {
    mkdirSync(join(base, "mine"));
    writeFileSync(join(base, "mine/queue.py"), PYTHON);
    writeFileSync(conf, configuration(await freePort()));
    running = start(["run", "-f", "-c", conf], { env: { PATH: process.env.PATH! } });
    await until("it has rates", () => {
      const { code, stdout } = agent(["explain", "servers.h.cpu.total.user", "-c", conf, "--json"]);
      return code !== null && /Published/.test(stdout);
    });
  });

  it("a gauge: its source and field, its value, each handler, each option with its line", () => {
    const answer = explain("servers.h.loadavg.processes_total");
    match(
      answer.verdict,
      /^Published by LoadAverageCollector: \d+ at .*GraphiteHandler cannot deliver it/,
    );
    equal(answer.code, 1);
    equal(answer.row("source").value, "/proc/loadavg");
    equal(answer.row("option interval").where, lineOf("interval = 1"));
    match(answer.row("to ArchiveHandler").value, /^delivered up to /);
    match(answer.row("to GraphiteHandler").value, /spooled; failing since .*connection refused/);
  });

  it("a rate: both raw samples, and a formula whose numbers make the value", () => {
    const answer = explain("servers.h.cpu.total.user");
    match(answer.row("field").value, /^number 2 of "cpu {2}\d+/);
    const { value } = answer.row("formula");
    const [, last, first, seconds, result] = /^\((\d+) − (\d+)\) \/ ([\d.]+) s = ([\d.]+)$/.exec(
      value,
    )!;
    ok(Math.abs((Number(last) - Number(first)) / Number(seconds) - Number(result)) < 0.01, value);
    match(answer.row("raw value").value, new RegExp(`^${last} at `));
    match(answer.row("raw value before").value, new RegExp(`^${first} at `));
  });

  it("a metric that is filtered: by which option, in which line", () => {
    const answer = explain("servers.h.loadavg.01_normalized");
    match(answer.verdict, /^Not published: .* kept back by metrics_blacklist/);
    equal(answer.row("filters").where, lineOf("metrics_blacklist"));
  });

  it("one that is missing: not enabled, misspelt, under another prefix", () => {
    match(explain("servers.h.nginx.conn").verdict, /NginxCollector .* not enabled/);
    equal(explain("servers.h.nginx.conn").row("section").where, lineOf("enabled = False"));
    match(
      explain("servers.h.cpu.total.usr").verdict,
      /did you mean servers\.h\.cpu\.total\.user\?/,
    );
    match(explain("h.cpu.total.user").verdict, /under another name: servers\.h\.cpu\.total\.user/);
  });

  it("a Python one: its file, and that nobody sees what it reads", { skip: noPython }, async () => {
    const answer = await until("Python is loaded", () => {
      const one = explain("servers.h.queue.length");
      return /^Published by QueueLenCollector: 7 /.test(one.verdict) ? one : undefined;
    }, 60);
    equal(answer.row("source").where, `${base}/mine/queue.py`);
  });

  it("handlers: what each has delivered, why one cannot, and one that is not in use", () => {
    match(explain("ArchiveHandler").verdict, /^It delivers: \d+ points/);
    const failing = explain("GraphiteHandler");
    match(failing.verdict, /cannot deliver since .*connection refused\. To do: /);
    equal(failing.code, 1);
    match(
      explain("StatsdHandler").verdict,
      /does not name it, only ArchiveHandler, GraphiteHandler/,
    );
  });

  it("without an agent runs the collector, and says what nobody knows", () => {
    const other = join(base, "other.conf");
    writeFileSync(other, configuration(1).replace("agent.pid", "other.pid"));
    const rate = explain("servers.h.cpu.total.idle", other);
    equal(rate.code, 0);
    match(rate.verdict, /in a run made for this answer/);
    match(rate.row("to GraphiteHandler").value, /not known: no agent runs/);
    match(explain("GraphiteHandler", other).verdict, /not known: no agent runs/);
  });

  it("needs a word: exit status 2", () => equal(agent(["explain", "-c", conf]).code, 2));
});
