import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { collectorThatIsOff } from "../../src/agent/collector_status.ts";
import type { CollectorFact, SeriesFact } from "../../src/agent/facts.ts";
import { handlerThatIsOff } from "../../src/agent/handler_status.ts";
import { patterns } from "../../src/core/option.ts";
import { explain } from "../../src/view/explain.ts";
import type { Explanation, Facts } from "../../src/view/explanation.ts";
import { alike } from "../../src/view/likeness.ts";
import { whereFound } from "../../src/view/value_source.ts";

const NOW = Date.UTC(2026, 0, 31, 12, 0, 6);
const NONE = { sources: [], compiled: [] };

function series(name: string, more: Partial<SeriesFact> = {}): SeriesFact {
  return {
    ...{ path: `servers.h.cpu.${name}`, name, pattern: "{cpu}.{use}", labels: name.split(".") },
    ...{ form: "gauge", unit: "", precision: 1, help: "", allowed: true, max: 0, runsAgo: 0 },
    samples: [],
    ...more,
  };
}

function collector(all: readonly SeriesFact[], more: Partial<CollectorFact> = {}): CollectorFact {
  return {
    ...{ section: "CPUCollector", className: "CPUCollector", doc: "CPU time", interval: 10 },
    ...{ begins: ["servers.h.cpu", "instances"], hasNode: true, patterns: ["{cpu}.{use}"] },
    ...{ sources: ["/proc/stat"], options: [], whitelist: NONE, blacklist: NONE },
    series: () => all,
    latest: () => ({ value: 1.25, timestamp: NOW / 1000 - 6 }),
    ...more,
  };
}

const runs = { ...collectorThatIsOff("CPUCollector"), interval: 10, runs: 3, lastRun: NOW - 6000 };
const error = {
  code: undefined,
  first: NOW - 60_000,
  last: NOW,
  count: 6,
  advice: "look",
} as const;
const graphite = {
  ...handlerThatIsOff("GraphiteHandler"),
  ...{ state: "ok", receipt: "application", collected: 10, delivered: 10 } as const,
};

function facts(one: CollectorFact, more: Partial<Facts> = {}): Facts {
  return {
    now: NOW,
    collectorStates: [{ ...runs, state: "ok" }],
    handlerStates: [graphite],
    collectors: [one],
    handlers: new Map([["GraphiteHandler", []]]),
    leftOut: new Map(),
    sections: new Map([["CPUCollector", "d.conf:9"], ["NginxCollector", "d.conf:12"]]),
    file: "d.conf",
    classOf: (word) =>
      ({
        cpu: { name: "CPUCollector", isBuiltIn: true },
        nginx: { name: "NginxCollector", isBuiltIn: true },
        redis: { name: "RedisCollector", isBuiltIn: true },
        amavis: { name: "AmavisCollector", isBuiltIn: false },
      })[word],
    isBuiltIn: (name) =>
      ({ RedisCollector: true, AmavisCollector: false, StatsdHandler: true })[name],
    trace: () => Promise.resolve(undefined),
    ...more,
  };
}

function value({ rows }: Explanation, label: string): string | undefined {
  return rows.find((row) => row.label === label)?.value;
}

describe("explain", () => {
  it("tells a rate's samples, the formula with its numbers, and how far each handler is", async () => {
    const samples = [{ value: 100, at: NOW - 16_000 }, { value: 350, at: NOW - 6000 }];
    const rate = series("total.user", { form: "rate", samples, scale: 0.5, unit: "percent" });
    const late = { ...graphite, name: "StatsdHandler", behind: 60, queued: 3, spooled: 4 };
    const answer = await explain(
      rate.path,
      facts(collector([rate], { latest: () => ({ value: 12.5, timestamp: NOW / 1000 - 6 }) }), {
        handlerStates: [graphite, late],
      }),
    );
    equal(answer.ok, true);
    equal(value(answer, "raw value before"), "100 at 2026-01-31 11:59:50.000 UTC");
    equal(value(answer, "raw value"), "350 at 2026-01-31 12:00:00.000 UTC");
    equal(value(answer, "formula"), "(350 − 100) / 10 s × 0.5 = 12.5");
    equal(value(answer, "unit"), "percent");
    equal(value(answer, "to GraphiteHandler"), "delivered up to 2026-01-31 12:00:00 UTC");
    match(
      value(answer, "to StatsdHandler")!,
      /up to 2026-01-31 11:59:06 UTC.*3 points queued; 4 points spooled/,
    );
  });

  it("says that a first sample makes no rate yet", async () => {
    const young = series("total.user", { form: "rate", samples: [{ value: 1, at: NOW }] });
    const { verdict, ok } = await explain(
      young.path,
      facts(collector([young], { latest: () => undefined })),
    );
    match(verdict, /needs two runs/);
    equal(ok, true);
  });

  const some = [series("total.user"), series("total.idle"), series("cpu0.user")];
  const blacklist = patterns([], "match", "").parse(["cpu0"]);
  const crowd = { ...error, message: "Too many series: it has max_series = 3 series" };
  const missing: [string, string, CollectorFact, Partial<Facts>, RegExp][] = [
    [
      "one that a filter keeps back, by the option's line",
      "servers.h.cpu.cpu0.user",
      collector([series("cpu0.user", { allowed: false })], {
        blacklist,
        options: [{ name: "metrics_blacklist", value: "cpu0,", where: "d.conf:7", isOwn: false }],
      }),
      {},
      /kept back by metrics_blacklist = cpu0 \(d\.conf:7\)/,
    ],
    [
      "one that would be kept back",
      "servers.h.cpu.cpu01.x",
      collector(some, { blacklist }),
      {},
      /would make it, and it is kept back/,
    ],
    [
      "a collector that fails",
      "servers.h.cpu.other.x",
      collector([]),
      { collectorStates: [{ ...runs, state: "failing", error: { ...error, message: "no file" } }] },
      /CPUCollector is failing since 2026-01-31 11:59:06 UTC: no file/,
    ],
    [
      "series over the limit",
      "servers.h.cpu.cpu9.x",
      collector([], { crowd }),
      {},
      /max_series = 3/,
    ],
    [
      "a misspelt name",
      "servers.h.cpu.total.usr",
      collector(some),
      {},
      /did you mean servers\.h\.cpu\.total\.user\?/,
    ],
    [
      "another prefix",
      "h.cpu.total.user",
      collector(some),
      {},
      /under another name: servers\.h\.cpu\.total\.user/,
    ],
    [
      "another host",
      "servers.x.cpu.total.user",
      collector(some),
      {},
      /under another name: servers\.h/,
    ],
    [
      "one that is not enabled",
      "servers.h.nginx.conn",
      collector(some),
      {},
      /NginxCollector .* is not enabled/,
    ],
    [
      "one that cannot run",
      "servers.h.nginx.conn",
      collector(some),
      { leftOut: new Map([["NginxCollector", "d.conf:13: interval is wrong"]]) },
      /does not run: d\.conf:13: interval/,
    ],
    [
      "one without a section",
      "servers.h.redis.x",
      collector(some),
      {},
      /add \[\[RedisCollector\]\]/,
    ],
    ["Diamond's", "servers.h.amavis.x", collector(some), {}, /AmavisCollector .* not built in/],
    ["nothing of the kind", "a.b.c", collector(some), {}, /^Nothing publishes it/],
    [
      "a series that is gone",
      "servers.h.cpu.total.user",
      collector([series("total.user", { runsAgo: 3 })]),
      {},
      /not found it for 3 runs, one every 10 s/,
    ],
  ];
  for (const [title, path, one, more, verdict] of missing) {
    it(`finds why there is nothing: ${title}`, async () => {
      const answer = await explain(path, facts(one, more));
      match(answer.verdict, verdict);
      equal(answer.ok, false);
    });
  }

  it("of a handler tells what it does, or why nothing is sent", async () => {
    const failing = {
      ...graphite,
      state: "failing",
      error: { ...error, message: "refused" },
    } as const;
    const cases: [string, Partial<Facts>, RegExp, boolean][] = [
      ["GraphiteHandler", {}, /^It delivers: 10 points/, true],
      [
        "GraphiteHandler",
        { handlerStates: [failing] },
        /cannot deliver since .*: refused. To do: look/,
        false,
      ],
      ["GraphiteHandler", { handlerStates: undefined }, /no agent runs/, true],
      ["StatsdHandler", {}, /does not name it, only GraphiteHandler/, false],
      ["GraphiteHandler", { leftOut: new Map([["GraphiteHandler", "no port"]]) }, /no port/, false],
    ];
    for (const [name, more, verdict, ok] of cases) {
      const answer = await explain(name, facts(collector(some), more));
      match(answer.verdict, verdict);
      equal(answer.ok, ok);
    }
  });

  it("of a collector tells its series, or why it does not run", async () => {
    const sound = await explain("CPUCollector", facts(collector(some)));
    match(sound.verdict, /publishes 3 series below servers\.h\.cpu/);
    const off = await explain("NginxCollector", facts(collector(some)));
    match(off.verdict, /does not have enabled = True/);
    equal(off.rows[0].where, "d.conf:12");
    const others: [string, RegExp][] = [
      ["RedisCollector", /add \[\[RedisCollector\]\]/],
      ["AmavisCollector", /not built in/],
      ["NoSuchCollector", /there is no collector NoSuchCollector/],
      ["NoSuchHandler", /there is no handler NoSuchHandler/],
    ];
    for (const [name, verdict] of others) {
      match((await explain(name, facts(collector(some)))).verdict, verdict);
    }
  });

  it("finds collectors and handlers by what people call them, and branches of names", async () => {
    for (const [word, title] of [["cpu", "CPUCollector"], ["graphite", "GraphiteHandler"]]) {
      equal((await explain(word, facts(collector(some)))).title, title);
    }
    const branch = await explain("servers.h.cpu.total", facts(collector(some)));
    equal(branch.verdict, "It is a branch, with 2 series below it");
    equal(branch.ok, true);
  });
});

describe("the source of a value", () => {
  const sources = [
    { what: "/proc/stat", text: "cpu  4705 150 1120\ncpu0 150 7 1120\n" },
    { what: "/proc/meminfo", text: "MemTotal:  1000 kB\nMemFree:  20 kB\n" },
    { what: "/sys/x/rx_bytes", text: "77\n" },
    { what: "/proc/net/snmp", text: "Udp: In NoPorts Errors\nUdp: 9 88 88\n" },
  ];
  const cases: [string, number | bigint, string[], string | undefined][] = [
    ["a value that stands once", 4705, ["x"], "/proc/stat 2 cpu  4705 150 1120"],
    ["a big one", 4705n, ["x"], "/proc/stat 2 cpu  4705 150 1120"],
    ["in the line that has the label", 150, ["cpu0"], "/proc/stat 2 cpu0 150 7 1120"],
    ["in another unit", 20 * 1024, ["MemFree"], "/proc/meminfo 2 MemFree:  20 kB"],
    ["in a file of the name", 77, ["rx"], "/sys/x/rx_bytes 1 77"],
    ["in the column of its name", 88, ["Errors"], "/proc/net/snmp 4 Udp: 9 88 88"],
    ["not where two fields are as good", 88, ["Udp"], undefined],
    ["not where two lines are as good", 1120, ["x"], undefined],
    ["not a small one anywhere", 7, ["x"], undefined],
    ["not what is not there", 12345, ["cpu"], undefined],
  ];
  for (const [title, number, words, expected] of cases) {
    it(title, () => {
      const found = whereFound(number, words, sources);
      equal(found && `${found.what} ${found.field} ${found.line}`, expected);
    });
  }
});

it("names that are alike: the nearest first, nothing that is far", () => {
  const paths = ["servers.h.cpu.total.user", "servers.h.cpu.total.idle", "a.b.c"];
  deepEqual(alike("servers.h.cpu.total.usr", paths), paths.slice(0, 2));
  deepEqual(alike("x.y.z", paths), []);
});
