/** Handlers that were written for Diamond, in Python, in the executable: queue, ledger and deadline are those of all others. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import type { HandlerStatus, Status } from "../../src/agent/status.ts";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

const noPython = spawnSync("python3", ["--version"]).status === 0 ? false : "there is no python3";

/** As people have written them: a buffer, `batch`, `flush`, a helper beside it, errors. */
const FILES: Readonly<Record<string, string>> = {
  "lines.py": `
from diamond.handler.Handler import Handler
from lines_helper import line

class LinesHandler(Handler):
    """Appends lines to a file"""
    def __init__(self, config=None):
        Handler.__init__(self, config)
        self.batch_size = int(self.config["batch"])
        self.metrics = []

    def get_default_config_help(self):
        config = super(LinesHandler, self).get_default_config_help()
        config.update({"file": "Where to"})
        return config

    def get_default_config(self):
        config = super(LinesHandler, self).get_default_config()
        config.update({"file": "", "batch": 100, "extra": "default"})
        return config

    def process(self, metric):
        self.metrics.append(metric)
        if len(self.metrics) >= self.batch_size:
            self._send()

    def flush(self):
        self._send()

    def _send(self):
        with open(self.config["file"], "a") as out:
            for metric in self.metrics:
                out.write(line(metric, self.config))
        self.metrics = []
`,
  "lines_helper.py": `
def line(metric, config):
    return "%s|%s|%s|%s|%s|%s|%s" % (str(metric).strip(), metric.host, metric.metric_type, metric.getPathPrefix(),
                                metric.getCollectorPath(), metric.getMetricPath(), config["extra"]) + "\\n"
`,
  "evil.py": `
import os, time
from diamond.handler.Handler import Handler

class RaisesHandler(Handler):
    def process(self, metric):
        raise ValueError("no door")

class PickyHandler(Handler):
    def process(self, metric):
        if metric.path.endswith("01"):
            raise ValueError("not this one")

class HangsHandler(Handler):
    def process(self, metric):
        time.sleep(1000)

class ExitsHandler(Handler):
    def process(self, metric):
        os._exit(3)

class OffHandler(Handler):
    def __init__(self, config=None):
        Handler.__init__(self, config)
        self.log.error("no library")
        self.enabled = False

    def process(self, metric):
        pass

class InitHandler(Handler):
    def __init__(self, config=None):
        raise KeyError("host")
`,
};
const NAMES = [
  "lines.LinesHandler",
  ...[..."Raises Picky Hangs Exits Off Init".split(" ")].map((name) => `evil.${name}Handler`),
];

function configuration(base: string): string {
  mkdirSync(join(base, "h"), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(base, "h", name), text);
  const conf = join(base, "diamond.conf");
  writeFileSync(
    conf,
    `[server]\nstate_path = ${base}/state\npid_file = ${base}/pid\nsocket = ${base}/s\npython = python3\nhandlers = diamond.handler.archive.ArchiveHandler, ${
      NAMES.join(", ")
    }\nhandlers_path = ${base}/h\n[handlers]\n[[default]]\nretry_max_interval = 1\n[[ArchiveHandler]]\nlog_file = ${base}/archive\ndays = 0\n[[LinesHandler]]\nfile = ${base}/lines\nextra = of the section\n[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n[[LoadAverageCollector]]\nenabled = True\n`,
  );
  return conf;
}

describeWith("Diamond's handlers in Python in the executable", noExecutable || noPython, () => {
  it("get each metric once, with their options; one that fails keeps its own points only", async () => {
    const base = join(directory, "run");
    const conf = configuration(base);
    const check = agent(["check", "-c", conf]);
    equal(check.code, 0, check.stdout + check.stderr);
    const running = start(["run", "-f", "-c", conf]);
    await until("it writes", () => lines(join(base, "lines")).length > 20, 30).catch((error) => {
      throw new Error(`${error.message}\n${running.output()}`);
    });
    let status: Status;
    const of = (name: string): HandlerStatus =>
      status.handlers.find((one) => one.name === `${name}Handler`)!;
    await until("each was tried", () => {
      status = JSON.parse(agent(["status", "--socket", join(base, "s"), "--json"]).stdout);
      return ["Raises", "Exits", "Off", "Init"].every((name) => of(name).error !== undefined);
    }, 20);
    for (const { name, imbalance } of status!.handlers) equal(imbalance, 0, name);
    match(of("Raises").error!.message, /line 7: ValueError: no door/);
    match(of("Exits").error!.message, /ended with 3|starts again/);
    match(of("Off").error!.message, /switched itself off/);
    match(of("Init").error!.message, /line 33: KeyError: 'host'/);
    for (const name of ["Raises", "Exits", "Off", "Init", "Hangs"]) {
      deepEqual([of(name).delivered, of(name).dropped.refused], [0, 0], name);
    }
    ok(of("Picky").delivered > 0 && of("Picky").dropped.refused > 0, "the others are taken");
    equal(await running.end(), 0, running.output());

    const got = lines(join(base, "lines"));
    const [point, host, kind, prefix, collector, name, extra] = got[0].split("|");
    match(point, /^servers\.web1\.loadavg\.\S+ [\d.]+ \d+$/);
    deepEqual([host, kind, prefix, collector, extra], [
      "web1",
      "GAUGE",
      "servers",
      "loadavg",
      "of the section",
    ]);
    equal(point.split(" ")[0], `servers.web1.loadavg.${name}`);
    const points = got.map((one) => one.split("|")[0]);
    equal(new Set(points).size, points.length, "none twice");
    deepEqual(points.toSorted(), lines(join(base, "archive")).toSorted(), "those of the archive");
  });

  it("a file that cannot be loaded, or that has no Python, is named by check", () => {
    const base = join(directory, "broken");
    const conf = configuration(base);
    writeFileSync(
      join(base, "h/lines.py"),
      "import nothing_of_that_name\nclass LinesHandler(object): pass\n",
    );
    const { code, stdout, stderr } = agent(["check", "-c", conf]);
    equal(code, 2);
    match(stdout + stderr, /lines\.py: error: line 1: .*nothing_of_that_name/);
    writeFileSync(conf, readFileSync(conf, "utf8").replace("python = python3", "python = none"));
    match(
      agent(["check", "-c", conf]).stderr,
      /evil\.py: error: It is in Python, and python = none/,
    );
    rmSync(base, { recursive: true });
  });
});

function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}
