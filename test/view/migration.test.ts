import { deepEqual, equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { valueFault } from "../../src/view/compare_values.ts";
import { compare, type OurSeries } from "../../src/view/migration.ts";
import { Observations, type Observed } from "../../src/view/observed.ts";

function seen(...values: number[]): Observed {
  const observations = new Observations();
  for (const value of values) observations.add("x", value);
  return observations.of("x")!;
}

function ours(path: string, more: Partial<OurSeries> = {}): OurSeries {
  const [, , component, ...name] = path.split(".");
  return {
    ...{ path, name: name.join("."), className: CLASSES[component] ?? "OtherCollector" },
    ...{ form: "gauge", unit: "", allowed: true, observed: seen(1, 1, 1) },
    ...more,
  };
}

const CLASSES: Readonly<Record<string, string>> = {
  cpu: "CPUCollector",
  memory: "MemoryCollector",
  diskspace: "DiskSpaceCollector",
  interrupts: "InterruptCollector",
  process: "ProcessResourcesCollector",
  diamond: "DiamondCollector",
  amavis: "AmavisCollector",
};

function migration(old: Readonly<Record<string, number[]>>, series: readonly OurSeries[]) {
  const observations = new Observations();
  for (const [path, values] of Object.entries(old)) {
    for (const value of values) observations.add(path, value);
  }
  return compare({
    ...{ old: observations, ours: series, begins: ["servers.h"], cpus: 2, isSameTime: false },
    whyNot: (path) => (path.includes(".amavis.") ? "AmavisCollector is missing" : undefined),
    collectorOf(path) {
      const parts = path.split(".");
      const at = parts.findIndex((part) => Object.hasOwn(CLASSES, part));
      return at < 0
        ? undefined
        : { className: CLASSES[parts[at]], name: parts.slice(at + 1).join(".") };
    },
  });
}

const told = ({ findings }: ReturnType<typeof migration>) =>
  findings.map(({ side, path, rule = "-" }) => `${side} ${path} ${rule}`);

describe("a migration", () => {
  it("finds what is gone, new and of another value, and nothing else", () => {
    const result = migration({
      "servers.h.cpu.total.user": [5, 9, 12],
      "servers.h.cpu.total.gone": [1],
      "servers.h.memory.MemTotal": [1000, 1000],
      "servers.h.memory.MemFree": [900, 500],
      "servers.other.cpu.total.user": [1],
    }, [
      ours("servers.h.cpu.total.user", { form: "rate", observed: seen(80, 90) }),
      ours("servers.h.memory.MemTotal", { observed: seen(1_024_000, 1_024_000) }),
      ours("servers.h.memory.MemFree", { observed: seen(700, 650) }),
      ours("servers.h.memory.Fresh"),
      ours("servers.h.memory.Silent", { observed: undefined }),
    ]);
    deepEqual(told(result), [
      "gone servers.h.cpu.total.gone -",
      "new servers.h.memory.Fresh -",
      "value servers.h.memory.MemTotal -",
    ]);
    equal(result.same, 3);
    equal(result.foreign, 1);
  });

  it("explains by the rules that the documents have", () => {
    const result = migration({
      "servers.h.interrupts.123_456.CPU0": [1],
      "servers.h.diskspace.root.free": [1, 1],
    }, [
      ours("servers.h.diskspace.root.free"),
      ours("servers.h.diskspace.nfs.stale"),
      ours("servers.h.process.web.cpu_times.user"),
      ours("servers.h.diamond.collected"),
    ]);
    deepEqual(told(result), [
      "gone servers.h.interrupts.123_456.CPU0 `InterruptCollector`, rows without text",
      "new servers.h.diskspace.nfs.stale a network mount that hangs",
      "new servers.h.process.web.cpu_times.user `ProcessResourcesCollector`",
      "new servers.h.diamond.collected metrics of the agent itself",
    ]);
  });

  it("names the collector that is missing, a filter, and what a name may be now", () => {
    const { findings } = migration({
      "servers.h.amavis.x": [1],
      "servers.h.cpu.kept": [1],
      "servers.h.cpu.total.usr": [1],
    }, [ours("servers.h.cpu.kept", { allowed: false }), ours("servers.h.cpu.total.user")]);
    match(findings[0].why, /AmavisCollector is missing/);
    match(findings[1].why, /filter/);
    match(findings[2].why, /perhaps it is servers\.h\.cpu\.total\.user now/);
  });

  it("takes names with blanks for those with underscores", () => {
    deepEqual(told(migration({ "servers.h.cpu.a b": [1, 1] }, [ours("servers.h.cpu.a_b")])), []);
  });

  it("sees that the host has another name, and compares all the same", () => {
    const result = migration(
      { "servers.web.cpu.a": [1, 1], "servers.web.cpu.b": [1, 1], "servers.web.cpu.c": [5] },
      [ours("servers.h.cpu.a"), ours("servers.h.cpu.b")],
    );
    deepEqual(result.prefix, { old: "servers.web", ours: "servers.h" });
    deepEqual(told(result), ["gone servers.h.cpu.c -"]);
  });
});

describe("values of two agents", () => {
  const gauge = {
    form: "gauge",
    unit: "",
    cpus: 2,
    isSameTime: false,
    name: "x",
    scale: 0,
  } as const;
  const rate = { ...gauge, form: "rate" } as const;
  const now = { ...rate, isSameTime: true } as const;
  const cases: [
    string,
    Observed,
    Observed,
    Parameters<typeof valueFault>[2],
    RegExp | undefined,
  ][] = [
    ["that stand still alike", seen(7, 7), seen(7, 7), gauge, undefined],
    ["that have drifted", seen(10_000), seen(10_500), gauge, undefined],
    ["that stand still otherwise", seen(1000, 1000), seen(8000, 8000), gauge, /stand still/],
    [
      "a capacity",
      seen(1000, 1000),
      seen(1200, 1200),
      { ...gauge, name: "MemTotal" },
      /stand still/,
    ],
    ["a level that has moved", seen(1000), seen(2000), gauge, undefined],
    ["a small part of the whole", seen(4096), seen(90_000), { ...gauge, scale: 1e9 }, undefined],
    ["small numbers", seen(1), seen(4), gauge, undefined],
    ["a load that has changed", seen(1, 40), seen(2000, 90_000), rate, undefined],
    ["rates from nothing", seen(0, 0), seen(5000, 5000), rate, undefined],
    [
      "steady ones that are far apart",
      seen(1000, 1010),
      seen(90_000, 90_100),
      rate,
      /factor of 90/,
    ],
    [
      "more than all CPUs",
      seen(50),
      seen(5000),
      { ...rate, unit: "percent" },
      /2 CPUs/,
    ],
    ["a rate below zero", seen(-5, 3), seen(4), rate, /below zero/],
    ["a counter that stepped back, there", seen(1e18, 5, 6), seen(4, 8), rate, undefined],
    ["that overlap at one time", seen(10, 500), seen(300, 900), now, undefined],
    ["that are apart at one time", seen(10, 50), seen(300, 900), now, /at the same time/],
  ];
  for (const [title, old, other, traits, expected] of cases) {
    it(title, () => {
      const fault = valueFault(old, other, traits);
      if (expected === undefined) equal(fault, undefined);
      else match(fault ?? "", expected);
    });
  }
});
