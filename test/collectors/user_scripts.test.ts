import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings } from "../../src/config/resolve.ts";
import { formatOf, readScript } from "../../src/formats/script_output.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { createHost } from "../../src/platform/host.ts";
import { temporary } from "../harness/agent_process.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: directory, remove } = temporary();
after(remove);

const outputs: readonly [format: string, output: string, values: string[]][] = [
  ["plain", "a.b 42\nc 1.5\n", ["a.b 42", "c 1.5"]],
  ["graphite", "a.b 42 1700000000\nc 1.5 -1\n", ["a.b 42 1700000000", "c 1.5"]],
  [
    "nagios",
    "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968 'my  label'=1.5ms\n/ 15272 MB (77%);\n| load=0.5;1;2;; x=U\n",
    ["s./ 2771386368", "s.my_label 0.0015", "s.load 0.5", "s.status 1"],
  ],
  ["json", '{"a":{"b":[1,2.5]},"up":true,"name":"x","no":null}', ["a.b.0 1", "a.b.1 2.5", "up 1"]],
  [
    "prometheus",
    '# HELP http_requests_total Requests\n# TYPE http_requests_total counter\nhttp_requests_total{code="200",path="/a.b \\"c"} 7 1700000000123\nup 1\nnone NaN\n',
    ['http_requests_total.200./a_b_"c 7 1700000000', "up 1"],
  ],
];

describe("what scripts print", () => {
  for (const [format, output, expected] of outputs) {
    it(`${format} is known by its looks, and read`, () => {
      equal(formatOf(output), format);
      const { values, bad } = readScript(output, formatOf(output), "s", 1);
      const shown = values.map(({ name, value, timestamp = "" }) =>
        `${name} ${value} ${timestamp}`.trim()
      );
      deepEqual([shown, bad], [expected, undefined]);
    });
  }

  it("three words are no Graphite line where not all are, or there is no time of our days", () => {
    for (const output of ["a 1\nb 2 3\n", "b 2 3\n", "a 1 1700000000\nb 2\n", ""]) {
      equal(formatOf(output), "plain");
    }
  });

  it("a line of a megabyte is read, or not, without a search that takes minutes", () => {
    const long = (text: string) => text.repeat(1_000_000 / text.length);
    const lines = [
      `a${long(" ")}b`,
      `a{${long(" ")}} 1 x`,
      `a{${long('x="')}} 1`,
      `|x=1 ${long("a")}`,
      `|x=1 ${long("'")}`,
      `|x=1 ${long("'a")}`,
      `${long("1 ")}1700000000`,
    ];
    for (const line of lines) {
      for (const format of [formatOf(line), "plain", "graphite", "nagios", "prometheus"] as const) {
        const { values } = readScript(`${line}\n`, format, "s", null);
        ok(values.length <= 1, format);
      }
    }
  });

  it("a line that cannot be read is told, the others are published", () => {
    const cases: [Parameters<typeof readScript>[1], string, string][] = [
      ["plain", "fine 1\nthis is nothing\n", "this is nothing"],
      ["graphite", "fine 1 2\na b c d\n", "a b c d"],
      ["prometheus", "fine 1\n{{{\n", "{{{"],
      ["nagios", "OK | fine=1 odd=5parsec\n", "odd=5parsec"],
    ];
    for (const [format, output, line] of cases) {
      const { values, bad } = readScript(output, format, "s", null);
      deepEqual([values.length, bad], [1, line], format);
    }
    deepEqual(readScript("{broken", "json", "s", 0), { values: [], bad: "{broken" });
  });
});

async function prepared(scripts: Record<string, string>, options: string) {
  const folder = join(directory, `scripts${Math.random()}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  const catalogue = { collectors, handlers };
  const settings = await emptySettings({ catalogue, only: ["UserScriptsCollector"] });
  const part = settings.collectors[0];
  const log = recordedLog();
  const host = createHost({ procfs: "", sysfs: "", rootfs: "" });
  const runner = await singleRunner(
    {
      ...part,
      options: { ...part.options, scripts_path: folder, interval: 10, ...JSON.parse(options) },
    },
    host,
    log,
  );
  return { folder, runner, log };
}

async function collected(scripts: Record<string, string>, options: string) {
  const { folder, runner, log } = await prepared(scripts, options);
  const started = Date.now();
  const { metrics } = await runner.run(1000);
  await runner.dispose();
  return {
    folder,
    seconds: (Date.now() - started) / 1000,
    said: log.lines.join("\n"),
    names: metrics.map(({ series, value, timestamp }) => `${series.name} ${value} ${timestamp}`)
      .sort(),
  };
}

describe("scripts", () => {
  it("that hang, flood, or leave a daemon behind cost themselves alone", async () => {
    const pid = join(directory, "daemon.pid");
    const { names, said, seconds } = await collected({
      "fine.sh": "#!/bin/sh\necho fine 1\n",
      "hangs.sh": "#!/bin/sh\necho half 1\nsleep 60\n",
      "floods.sh": "#!/bin/sh\nhead -c 100000000 /dev/zero | tr '\\0' 'x'\n",
      "forks.sh": `#!/bin/sh\necho forked 2\nsleep 60 &\necho $! > ${pid}\n`,
      "fails.sh": "#!/bin/sh\necho failed 3\necho oh no >&2\nexit 4\n",
    }, '{"script_timeout": 2}');
    deepEqual(names, ["failed 3 1000", "fine 1 1000", "forked 2 1000"]);
    ok(seconds < 6, `${seconds} s`);
    match(said, /hangs\.sh: .*did not end in time and was killed/);
    match(said, /floods\.sh: it prints more than 1048576 bytes/);
    match(said, /fails\.sh: it ended with 4; it says: oh no/);
    const left = readFileSync(pid, "utf8").trim();
    ok(
      !existsSync(`/proc/${left}`) ||
        /^State:\s+Z/m.test(readFileSync(`/proc/${left}/status`, "utf8")),
    );
    rmSync(pid);
  });

  it("may bring times of their own, and tell by their exit status as Nagios' plugins do", async () => {
    const { names, said } = await collected({
      "line.sh": "#!/bin/sh\necho late 5 1700000000\n",
      "check_load.sh": "#!/bin/sh\necho 'WARNING - load | load1=3.5;2;4'\nexit 1\n",
    }, "{}");
    deepEqual(names, [
      "check_load.load1 3.5 1000",
      "check_load.status 1 1000",
      "late 5 1700000000",
    ]);
    equal(said, "");
  });

  it("may run on: each line has the time at which it came, and one that ended is started again", async () => {
    const pid = join(directory, "stream.pid");
    const { folder, runner, log } = await prepared({
      "stream.sh":
        `#!/bin/sh\necho $$ > ${pid}\nn=0\nwhile :; do n=$((n+1)); echo ticks $n; sleep 0.4; done\n`,
      "ends.sh": "#!/bin/sh\necho '{\"once\": 7}'\necho nothing of use\nexit 3\n",
    }, '{"long_running": true}');
    const from = Math.floor(Date.now() / 1000);
    const got: string[] = [];
    const times: number[] = [];
    for (let run = 0; run < 5; run++) {
      const { metrics, error } = await runner.run(1000);
      equal(error, undefined);
      for (const { series, value, timestamp } of metrics) {
        got.push(`${series.name} ${value}`);
        times.push(timestamp);
      }
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    const ticks = got.filter((name) => name.startsWith("ticks"));
    ok(ticks.length >= 5, `${got}`);
    deepEqual(ticks, ticks.map((_, index) => `ticks ${index + 1}`));
    ok(got.filter((name) => name === "once 7").length >= 2, `started again: ${got}`);
    ok(Math.min(...times) >= from && new Set(times).size >= 2, `${times}`);
    match(log.lines.join("\n"), /ends\.sh: cannot read "nothing of use" as .*ended with 3/);
    const alive = () =>
      !/^State:\s+Z/m.test(
        existsSync(`/proc/${process_}`)
          ? readFileSync(`/proc/${process_}/status`, "utf8")
          : "State: Z",
      );
    const process_ = readFileSync(pid, "utf8").trim();
    ok(alive());
    rmSync(join(folder, "stream.sh"));
    await runner.run(1000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    ok(!alive(), "its file is gone");
    await runner.dispose();
  });
});
