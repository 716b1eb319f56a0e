/** Collectors that were written for Diamond run unchanged, and nothing that they do stops the others. */

import { equal, match, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import {
  agent,
  executable,
  lineServer,
  noExecutable,
  root,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { noCarbon, startCarbon } from "../harness/carbon.ts";
import { describeWith } from "../harness/describe_with.ts";
import { configuration, step, ticks, untilStored } from "../harness/own_collectors.ts";
import { noPython, pythons } from "../harness/pythons.ts";

const { path: directory, remove } = temporary();
after(remove);

const OLD_EXAMPLE = `# coding=utf-8
"""
Example of a collector: publishes the time that a function takes
"""
import time

import diamond.collector


class ExampleCollector(diamond.collector.Collector):

    def get_default_config_help(self):
        config_help = super(ExampleCollector, self).get_default_config_help()
        config_help.update({'times': 'How often the work is done'})
        return config_help

    def get_default_config(self):
        config = super(ExampleCollector, self).get_default_config()
        config.update({'path': 'ExampleCollector', 'times': 1000})
        return config

    def work(self):
        return sum(range(int(self.config['times'])))

    def collect(self):
        start = time.time()
        self.work()
        elapsed = (time.time() - start) * 1000
        self.publish('my.example.metric', elapsed, precision=3)
`;
const PATH = "servers.web1.ExampleCollector.my.example.metric";

describeWith(
  "an old collector in Python reaches a real carbon",
  noExecutable || noCarbon || noPython,
  () => {
    const bun = join(root, "node_modules/.bin/bun");
    const deno = join(root, "node_modules/.bin/deno");
    const main = join(root, "src/main.ts");
    const ways: readonly [string, string, readonly string[]][] = [
      ["the executable", executable, []],
      ["Bun", bun, [main]],
      ["Deno", deno, ["run", "-A", main]],
    ];
    for (const { version, path } of pythons) {
      for (const [name, program, args] of ways) {
        it(`unchanged: Python ${version}, ${name}`, async () => {
          const base = join(directory, `${name.replaceAll(" ", "_")}_${version}`);
          mkdirSync(join(base, "conf"), { recursive: true });
          writeFileSync(join(base, "conf/ExampleCollector.conf"), "enabled = True\n");
          const carbon = await startCarbon(join(base, "carbon"));
          const more = `python = ${path}\ncollectors_config_path = ${base}/conf\n`;
          const conf = configuration(base, carbon.port, "", more);
          writeFileSync(join(base, "mine/example.py"), OLD_EXAMPLE);
          const running = start([...args, "run", "-lf", "-c", conf, "--skip-pidfile"], { program });
          await untilStored(carbon, running, PATH);
          equal(await running.end(), 0);
          await carbon.stop();
        });
      }
    }
  },
);

/** Uses all that collectors were given. */
const EVERYTHING = `
import diamond
from diamond.collector import str_to_bool, MAX_COUNTER
from diamond import convertor
from diamond.metric import Metric
from diamond.pycompat import urlopen, long
import base


class EverythingCollector(base.BaseCollector):
    """Publishes some of everything"""

    def get_default_config(self):
        config = super(EverythingCollector, self).get_default_config()
        config.update({'path': 'every', 'bin': self.find_binary('echo'), 'byte_unit': 'kilobyte byte',
                       'more': ['a', 'b']})
        return config

    def process_config(self):
        super(EverythingCollector, self).process_config()
        self.units = self.config['byte_unit']

    def collect(self):
        self.round = getattr(self, 'round', 0) + 1
        self.publish('round', self.round)
        self.publish_gauge('gauge', 1.256, 2)
        self.publish_counter('counted', 100 * self.round, precision=1)
        self.publish('growth', self.derivative('growth', 50 * self.round, MAX_COUNTER), precision=1)
        self.publish('delta', self.derivative('delta', 7 * self.round, time_delta=False))
        self.publish('vm', 5, instance='vm1')
        self.publish('text', '12.5', precision=1)
        self.publish('long', 2 ** 60)
        self.publish('units', len(self.units))
        self.publish('list', len(self.config['servers']))
        self.publish('section', len(self.config['hosts']['one']['port']))
        self.publish('yes', int(str_to_bool(self.config['yes'])))
        self.publish('default', int(self.config['everywhere']))
        self.publish('kilobytes', convertor.binary.convert(value=2048, oldUnit='byte', newUnit='kilobyte'))
        self.publish('seconds', convertor.time(90, 'minutes').get('seconds'))
        self.publish('echo', len(self.run_command(['-n', 'four'])[0]))
        self.publish_metric(Metric(self.get_metric_path('made'), 3, timestamp=1700000000))
        self.publish('helped', base.helped())
        try:
            self.publish('bad', None)
        except diamond.DiamondException:
            self.publish('refused', 1)
        self.log.warning('logged %d', self.round)
        print('printed')
`;
const BASE = `from diamond.collector import ProcessCollector
class BaseCollector(ProcessCollector):
    pass
def helped():
    return 11
`;

describeWith("what collectors in Python are given", noExecutable || noPython, () => {
  for (const { version, path } of pythons) {
    it(`all of it: Python ${version}`, () => {
      const base = join(directory, `everything_${version}`);
      const conf = configuration(
        base,
        9,
        "everywhere = 23\n[[EverythingCollector]]\nenabled = True\nservers = a, b, c\nyes = on\n[[[hosts]]]\n[[[[one]]]]\nport = 8080\n",
        `python = ${path}\n`,
      );
      writeFileSync(join(base, "mine/every.py"), EVERYTHING);
      writeFileSync(join(base, "mine/base.py"), BASE);
      const { stdout, stderr, code } = agent([
        ..."collect EverythingCollector --rounds 2 -c".split(" "),
        conf,
      ]);
      equal(code, 0, stderr);
      const [first, second] = stdout.split("# round 1 done\n");
      const values = (text: string) =>
        text.split("\n").filter((line) => line.includes("every")).map((line) =>
          line.split(" ").slice(0, 2).join(" ").replace("servers.web1.every.", "")
        );
      equal(
        values(first).join("\n"),
        `round 1
gauge 1.26
growth 0.0
delta 0
instances.vm1.every.vm 5
text 12.5
long 1152921504606846976
units 2
list 3
section 4
yes 1
default 23
kilobytes 2
seconds 5400
echo 4
made 3
helped 11
refused 1`,
      );
      match(first, /\.made 3 1700000000\n/);
      ok(values(second).includes("delta 7"));
      // By the time that passed: a second and a little.
      const rateOf = (name: string) => Number(new RegExp(`${name} ([\\d.]+)`).exec(second)![1]);
      ok(Math.abs(rateOf("counted") - 100) < 20, second);
      ok(Math.abs(rateOf("growth") - 50) < 10, second);
      match(stderr, /EverythingCollector: logged 2/);
    });
  }
});

/** Each is one mistake, and what is to be read of it. */
const mistakes: Readonly<Record<string, readonly [code: string, says: RegExp]>> = {
  Raises: ["raise ValueError('on purpose')", /RaisesCollector: line 4: ValueError: on purpose/],
  Exits: ["import os; os._exit(7)", /collectors in Python ended with 7/],
  Endless: ["\n        while True: pass", /EndlessCollector: The last run has still not ended/],
  Sleeps: ["import time; time.sleep(1000)", /SleepsCollector does not come back: all start anew/],
  Floods: [
    "\n        for i in range(200000): self.publish('n%d' % i, i)",
    // Where its next run is due before this one has ended, only the limit of series is told.
    /FloodsCollector: .*(publishes more than 100000 values in a run|has max_series = 50000)/,
  ],
  Eats: [
    "import time; self.kept = bytearray(400000000); time.sleep(1.5)",
    /took \d+ MB, more than its 256 MB, and was killed/,
  ],
  Prints: ["import sys; sys.stdout.write('\\x01{}\\n' * 1000)", /collectors in Python say/],
};

describeWith("mistakes of a collector in Python", noExecutable || noPython, () => {
  for (const [name, [code, says]] of Object.entries(mistakes)) {
    it(`${name}: the others have every tick`, async () => {
      const base = join(directory, `mistake_${name}`);
      const server = await lineServer();
      const conf = configuration(
        base,
        server.port,
        `[[${name}Collector]]\nenabled = True\ninterval = ${
          name === "Floods" ? 10 : 2
        }\n[[LoadAverageCollector]]\nenabled = True\n[[GoodCollector]]\nenabled = True\n`,
        `python = ${pythons[0].path}\n`,
      );
      const text = (which: string, body: string) =>
        `from diamond.collector import Collector\nclass ${which}Collector(Collector):\n    def collect(self):\n        ${body}\n`;
      writeFileSync(join(base, "mine/bad.py"), text(name, code));
      writeFileSync(join(base, "mine/good.py"), text("Good", "self.publish('value', 1)"));
      const running = start(["run", "-lf", "-c", conf]);
      await until(`it says ${says}`, () => says.test(running.output()), 45).catch((error) => {
        throw new Error(`${error.message}\n${running.output().slice(-3000)}`);
      });
      const from = server.lines.length;
      await until("it goes on", () => ticks(server.lines.slice(from), "loadavg.01").length >= 3);
      equal(await running.end(), 0, running.output());
      const all = ticks(server.lines, "loadavg.01");
      equal(all.at(-1)! - all[0] + 1, all.length, `every tick: ${all}`);
      if (!["Exits", "Eats"].includes(name)) {
        ok(ticks(server.lines, "GoodCollector.value").length >= 3, "its neighbour works");
      }
      await server.close();
    });
  }
});

describeWith("files in Python that change", noExecutable || noPython, () => {
  it("changed, broken, mended, a helper changed, deleted: no gap in the others", async () => {
    const base = join(directory, "reload");
    const server = await lineServer();
    const conf = configuration(
      base,
      server.port,
      "[[OneCollector]]\nenabled = True\n[[LoadAverageCollector]]\nenabled = True\n",
      `collectors_reload_interval = 1\npython = ${pythons[0].path}\n`,
    );
    const file = join(base, "mine/one.py");
    const write = (value: number) =>
      writeFileSync(
        file,
        `import diamond.collector\nimport helper\nclass OneCollector(diamond.collector.Collector):\n    def collect(self):\n        self.publish('value', ${value} * helper.scale)\n`,
      );
    writeFileSync(join(base, "mine/helper.py"), "scale = 1\n");
    write(1);
    const running = start(["run", "-lf", "-c", conf]);
    await step(server.lines, running, "OneCollector.value", 1);
    write(2);
    await step(server.lines, running, "OneCollector.value", 2);
    writeFileSync(file, "def broken(:\nclass OneCollector: pass\n");
    await until(
      "it says so",
      () =>
        /one\.py: .*line 1: .*the version before it runs on/.test(
          running.output(),
        ),
    ).catch((error) => {
      throw new Error(`${error.message}\n${running.output()}`);
    });
    await step(server.lines, running, "OneCollector.value", 2);
    write(3);
    await step(server.lines, running, "OneCollector.value", 3);
    writeFileSync(join(base, "mine/helper.py"), "scale = 100\n");
    await step(server.lines, running, "OneCollector.value", 300);
    rmSync(file);
    const gone = ticks(server.lines, "OneCollector.value").at(-1)!;
    await new Promise((resolve) => setTimeout(resolve, 4000));
    ok(ticks(server.lines, "OneCollector.value").at(-1)! <= gone + 2, "it has ended");
    equal(await running.end(), 0);
    const all = ticks(server.lines, "loadavg.01");
    equal(all.at(-1)! - all[0] + 1, all.length, `every tick: ${all}`);
    await server.close();
  });
});

describeWith("the list of files in Python", noExecutable || noPython, () => {
  it("tells each one's state; what came with Diamond does not take the agent's place", () => {
    const base = join(directory, "list");
    const own = join(base, "share/diamond/collectors");
    const conf = configuration(base, 9, "[[CPUCollector]]\nenabled = True\n");
    mkdirSync(own, { recursive: true });
    const text = readFileSync(conf, "utf8");
    const paths = `collectors_path = ${own}, ${base}/mine\n`;
    const settings = (more: string) =>
      writeFileSync(conf, text.replace(/collectors_path.*\n/, paths + more));
    settings("python = none\n");
    const collector = (name: string) =>
      `import diamond.collector\nclass ${name}(diamond.collector.Collector): pass\n`;
    writeFileSync(join(own, "cpu.py"), collector("CPUCollector"));
    writeFileSync(join(base, "mine/mine.py"), collector("MineCollector"));
    writeFileSync(join(base, "mine/help.py"), "x = 1\n");
    const list = agent(["list", "-c", conf]).stdout;
    match(list, /cpu\.py +Python, what the agent has itself/);
    match(list, /mine\.py +Python, MineCollector: not enabled, not loaded/);
    match(list, /help\.py +Python, without a class/);
    match(agent(["collect", "CPUCollector", "-c", conf]).stdout, /# round \d done/);
    writeFileSync(conf, `${readFileSync(conf, "utf8")}[[MineCollector]]\nenabled = True\n`);
    const none = agent(["check", "-c", conf]);
    equal(none.code, 2);
    match(none.stderr, /mine\.py: .*in Python, and python = none/);
    writeFileSync(conf, readFileSync(conf, "utf8").replace("python = none", "python = no-such"));
    match(agent(["check", "-c", conf]).stderr, /there is no no-such here: install one, or name it/);
    chmodSync(join(base, "mine/mine.py"), 0o666);
    if (process.getuid?.() === 0) {
      match(
        agent(["list", "-c", conf]).stdout,
        /mine\.py +".*mine\.py" can be written by everybody/,
      );
    }
  });
});
