/** All that Diamond gave its collectors in Python, and what was written for Python 2 under either Python. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { configuration } from "../harness/own_collectors.ts";
import { writePythonFolder } from "../harness/python_folder.ts";
import { noPython, pythons } from "../harness/pythons.ts";

const { path: directory, remove } = temporary();
after(remove);

const enabled = (names: readonly string[]) =>
  `${names.map((name) => `[[${name}]]\nenabled = True\n`).join("")}`;

function folder(
  name: string,
  files: Readonly<Record<string, string>>,
  sections: string,
  more = "",
) {
  const base = join(directory, name);
  const conf = configuration(base, 9, sections, more);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(base, "mine", file, ".."), { recursive: true });
    writeFileSync(join(base, "mine", file), text);
  }
  return conf;
}

function collected(conf: string, names: readonly string[], rounds = 1): string[] {
  const { stdout, stderr, code } = agent([
    "collect",
    ...names,
    "-c",
    conf,
    "--rounds",
    String(rounds),
  ]);
  equal(code, 0, stderr);
  return stdout.split("\n").filter((line) => /^\S+ \S+ \d+$/.test(line))
    .map((line) => line.split(" ").slice(0, 2).join(" "));
}

/** Works in Python 2, and only there. */
const OLD = `# coding: latin-1
import urllib2, sys, urllib, subprocess
from StringIO import StringIO
import ConfigParser, Queue, httplib, urlparse, cPickle
from itertools import izip
import diamond.collector


class OldCollector(diamond.collector.Collector):
    def collect(self):
        print >>sys.stderr, "collecting", 1
        d = {'a': 7, 'b': 2}
        for k, v in sorted(d.iteritems()):
            self.publish('item.' + k, v)
        self.publish('half', 7 / 2)
        self.publish('key', len(d.keys()[0]))
        self.publish('has', int(d.has_key('a')))
        try:
            raise ValueError, "x"
        except (ValueError, TypeError), e:
            self.publish('raised', len(str(e)))
        out = subprocess.Popen(['echo', 'a b'], stdout=subprocess.PIPE).communicate()[0]
        self.publish('words', len(out.split('\\n')[0].split(' ')))
        self.publish('long', long(5) + 10L)
        self.publish('text', int(isinstance('x', basestring)))
        self.publish('port', urlparse.urlparse('http://h:81/x?%s' % urllib.urlencode({'a': 1})).port)
        self.publish('map', map(int, ['3'])[0])
        parser = ConfigParser.SafeConfigParser()
        parser.readfp(StringIO('[a]\\nb = 4\\n'))
        self.publish('conf', parser.getint('a', 'b'))
        self.publish('oct', 0777)
        for a, b in izip([1], [2]):
            self.publish('both', a + b)
        try:
            urllib2.urlopen('http://127.0.0.1:9/')
        except urllib2.URLError, e:
            self.publish('refused', 1)
        self.publish('sorted', sorted([1, 3, 2], cmp=lambda a, b: cmp(b, a))[0])
        self.publish('decoded', len('abc'.decode('utf-8')))
        self.publish('line', e is not None)
        self.fail_here()
`;
const OLD_VALUES =
  "item.a 7|item.b 2|half 3|key 1|has 1|raised 1|words 2|long 15|text 1|port 81|map 3|conf 4|oct 511|both 3|refused 1|sorted 3|decoded 3|line 1"
    .split("|").map((line) => `servers.web1.OldCollector.${line}`);

const PARTS = `import diamond.collector
from diamond.metric import Metric


class PartCollector(diamond.collector.Collector):
    def collect(self):
        self.publish('n', 1)


class PartsCollector(diamond.collector.Collector):
    def __init__(self, *args, **kwargs):
        super(PartsCollector, self).__init__(*args, **kwargs)
        self.part = PartCollector(config=self.config, configfile=self.configfile, handlers=self.handlers)

    def collect(self):
        self.part.collect()
        self.publish_metric(Metric('devices.pdu7.watts', 12, precision=2, host='pdu7'))
        self.publish_metric(Metric('servers.web1.x.rate', 2, raw_value=2 ** 63 + 1, metric_type='COUNTER', host='web1'))
        self.config['path'] = 'other'
        self.config['hostname'] = 'blue'
        self.publish('n', self.config.as_int('size'))
        self.config['hostname'] = 'web1'
`;

for (const { version, path } of pythons) {
  const python = `python = ${path}\n`;
  describeWith(`Diamond's collectors in Python ${version}`, noExecutable || noPython, () => {
    it("run from 120 files with base classes in other ones", () => {
      const conf = folder(`many_${version}`, {}, "", python);
      const { names } = writePythonFolder(join(directory, `many_${version}/mine`), 120);
      writeFileSync(conf, readFileSync(conf, "utf8") + enabled(names));
      const check = agent(["check", "-c", conf]);
      equal(check.code, 0, check.stderr);
      const expected = names.map((name, number) => `servers.web1.${name}.n ${number}`);
      deepEqual(collected(conf, names).sort(), expected.sort());
    });

    it("written for Python 2 do what they did there, and errors have their lines", () => {
      const conf = folder(`old_${version}`, { "old.py": OLD }, enabled(["OldCollector"]), python);
      const { stdout, stderr } = agent(["collect", "OldCollector", "-c", conf]);
      const values = stdout.split("\n").filter((line) => line.startsWith("servers."))
        .map((line) => line.split(" ").slice(0, 2).join(" "));
      deepEqual(values, OLD_VALUES, stderr);
      const line = OLD.split("\n").findIndex((one) => one.includes("fail_here")) + 1;
      match(stderr, new RegExp(`OldCollector: line ${line}: AttributeError`));
    });

    it("publish under any path, with others inside, and with what they have set in their config", () => {
      const conf = folder(
        `parts_${version}`,
        { "parts.py": PARTS },
        `${enabled(["PartsCollector"])}size = 3\n`,
        python,
      );
      const once = [
        "servers.web1.PartCollector.n 1",
        "devices.pdu7.watts 12.00",
        "servers.web1.x.rate 2",
        "servers.blue.other.n 3",
      ];
      deepEqual(collected(conf, ["PartsCollector"], 2), [...once, ...once]);
      const { stdout } = agent(["collect", "PartsCollector", "--json", "-c", conf]);
      const [, pdu, rate, blue] = stdout.split("\n").slice(0, 4).map((line) => JSON.parse(line));
      equal([pdu.prefix, pdu.host, pdu.collector, pdu.name].join(), "devices,pdu7,,watts");
      equal([rate.kind, rate.collector, rate.name].join(), "counter,x,rate");
      equal([blue.prefix, blue.host, blue.collector, blue.name].join(), "servers,blue,other,n");
    });

    it("keep what was published before a deadline, and may set alarms that interrupt what waits", async () => {
      const waiting = (body: string) =>
        `import signal, time\nimport diamond.collector\nclass Up(Exception): pass\ndef up(number, frame): raise Up()\n${body}`;
      const conf = folder(
        `late_${version}`,
        {
          "late.py": waiting(
            "class LateCollector(diamond.collector.Collector):\n    def collect(self):\n        self.publish('early', 1)\n        time.sleep(30)\n",
          ),
          "alarm.py": waiting(
            "class AlarmCollector(diamond.collector.Collector):\n    def collect(self):\n        signal.signal(signal.SIGALRM, up)\n        signal.alarm(1)\n        try:\n            time.sleep(30)\n        except Up:\n            self.publish('woken', 1)\n",
          ),
        },
        `${
          enabled(["LateCollector", "AlarmCollector"])
        }interval = 4\n[[LoadAverageCollector]]\nenabled = True\n`,
        python,
      );
      const text = readFileSync(conf, "utf8").replace(
        /^handlers = .*$/m,
        "handlers = ArchiveHandler",
      );
      const archive = join(directory, `late_${version}/archive.log`);
      writeFileSync(
        conf,
        text.replace("[handlers]", `[handlers]\n[[ArchiveHandler]]\nlog_file = ${archive}\n`),
      );
      const running = start(["run", "-lf", "-c", conf]);
      const points = () => {
        try {
          return readFileSync(archive, "utf8");
        } catch {
          return "";
        }
      };
      await until(
        "both have published",
        () => /LateCollector\.early 1/.test(points()) && /AlarmCollector\.woken 1/.test(points()),
        20,
      ).catch((error) => {
        throw new Error(`${error.message}\n${running.output()}\n${points()}`);
      });
      equal(await running.end(), 0);
    });
  });
}

describeWith("files in Python that take their time", noExecutable || noPython, () => {
  it("do not keep a built-in collector from its first points", async () => {
    const slow = "import time\ntime.sleep(5)\nimport diamond.collector\n" +
      "class SlowCollector(diamond.collector.Collector):\n    def collect(self):\n        self.publish('n', 1)\n";
    const conf = folder(
      "slow",
      { "slow.py": slow },
      `${enabled(["SlowCollector"])}[[LoadAverageCollector]]\nenabled = True\n`,
      `python = ${pythons[0].path}\n`,
    );
    const running = start(["run", "-lf", "-c", conf]);
    await until("it runs", () => /runs 2 collectors/.test(running.output()), 4);
    ok(!/SlowCollector is new/.test(running.output()), running.output());
    await until("the other one comes", () => /SlowCollector is new/.test(running.output()), 20);
    equal(await running.end(), 0);
  });
});
