/** Every collector on every recorded host, on an empty one, and on every file cut short. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import type { CollectorConfig } from "../../src/agent/agent_contract.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { runRecorded } from "../../src/cli/test.ts";
import { emptySettings, resolveSettings } from "../../src/config/resolve.ts";
import type { MetricSpec } from "../../src/core/collector.ts";
import { Cursor } from "../../src/core/cursor.ts";
import { codeOf } from "../../src/core/errors.ts";
import { unitText } from "../../src/core/metric_unit.ts";
import type { Exec } from "../../src/ports/exec.ts";
import type { HostFs } from "../../src/ports/fs.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import { silentLog } from "../harness/recorded_log.ts";

const here = import.meta.dirname!;
const catalogue = { collectors, handlers };
const update = process.env.UPDATE === "1";

interface Case {
  readonly name: string;
  readonly directory: string;
  readonly part: CollectorConfig;
}

const cases: Case[] = [];
const registry = readFileSync(join(here, "../../src/collectors/registry.ts"), "utf8");
const byFile = new Map(
  [...registry.matchAll(/(\w+): \(\) => import\(".*\/(\w+)\.ts"\)/g)].map(([, name, file]) => [file, name]),
);
for (const folder of readdirSync(here).filter((entry) => statSync(join(here, entry)).isDirectory())) {
  for (const label of readdirSync(join(here, folder))) {
    const directory = join(here, folder, label);
    const path = join(directory, "options.conf");
    const only = [byFile.get(folder)!];
    const settings = existsSync(path)
      ? await resolveSettings({ path, files: configFiles, catalogue, only })
      : await emptySettings({ catalogue, only });
    deepEqual(settings.problems, [], `${path} has problems`);
    cases.push({ name: `${folder}/${label}`, directory, part: settings.collectors[0] });
  }
}

async function runCase(
  { directory, part }: Case,
  wrap?: (fs: HostFs) => HostFs,
  output: (command: string, stdout: string) => string = (_, stdout) => stdout,
) {
  const recorded = recordedHost(directory, wrap);
  const exec: Exec = {
    ...recorded.exec,
    async run(argv, limits) {
      const answer = await recorded.exec.run(argv, limits);
      return { ...answer, stdout: output(argv.join(" "), answer.stdout) };
    },
  };
  const host = { ...recorded, exec };
  const runner = await singleRunner(part, host, silentLog);
  return { ...await runRecorded(runner, host), refused: runner.record.refused };
}

describe("golden files", () => {
  for (const entry of cases) {
    it(entry.name, async () => {
      const golden = join(entry.directory, "metrics.txt");
      const { text } = await runCase(entry);
      if (update) writeFileSync(golden, text);
      equal(text, readFileSync(golden, "utf8"));
      ok(/^[^#]/m.test(text), "a case publishes something");
    });
  }
});

describe("the declarations", () => {
  it("every declared metric occurs in a golden file", async () => {
    const seen = new Map<string, Set<string>>();
    for (const entry of cases) {
      const patterns = seen.get(entry.part.collector.name) ?? new Set<string>();
      for (const { metrics } of (await runCase(entry)).outcomes) for (const { series } of metrics) patterns.add(series.pattern);
      seen.set(entry.part.collector.name, patterns);
    }
    // A collector that makes whole paths has no pattern left in its series.
    const isWhole = (pattern: string) => pattern.startsWith("{prefix}.");
    const missing: string[] = [];
    for (const [name, load] of Object.entries(collectors)) {
      for (const pattern of Object.keys((await load()).default.metrics)) {
        if (!isWhole(pattern) && !seen.get(name)?.has(pattern)) missing.push(`${name} ${pattern}`);
      }
    }
    deepEqual(missing, []);
  });
});

const KNOWN_UNITS =
  /^(?:\{unit\}|byte|KiB|MiB|bit|percent|days|minutes|s|cs|ms|us|ns|V|A|W|J|Hz|ppm|rpm|°C)(?:\/s)?$/;
/** In a help, but for `per second`. */
const HELP = /\{unit\}|\b(?:bytes?|bits|KiB|MiB|percent|(?:milli|micro)?seconds|kibibytes|memory|CPU time)\b/i;
/** At the end of a name. */
const NAME = /(?:^|[_.-])(?:k?bytes|percent|ms|us|seconds|milliseconds)$/i;
/** Names that speak of a unit and have none: what they count. */
const COUNTS = ["zk_cnt_"];

describe("the units", () => {
  it("are one word for each", async () => {
    const odd: string[] = [];
    for (const [name, load] of Object.entries(collectors)) {
      for (const [pattern, { unit }] of Object.entries<MetricSpec>((await load()).default.metrics)) {
        const units = unitText(unit) === "" ? [] : unitText(unit).split(", ");
        for (const one of units) if (!KNOWN_UNITS.test(one)) odd.push(`${name} ${pattern}: ${one}`);
      }
    }
    deepEqual(odd, []);
  });

  it("are declared where the help of a metric speaks of one", async () => {
    const missing: string[] = [];
    for (const [name, load] of Object.entries(collectors)) {
      for (const [pattern, { unit, help }] of Object.entries<MetricSpec>((await load()).default.metrics)) {
        if (unit === "" && HELP.test(`${pattern} ${help}`)) missing.push(`${name} ${pattern}: ${help}`);
      }
    }
    deepEqual(missing, []);
  });

  it("are those of each series whose name speaks of one", async () => {
    const missing = new Set<string>();
    // What a listener takes has the names of its senders.
    for (const entry of cases.filter(({ part }) => !part.collector.name.includes("Listener"))) {
      for (const { metrics } of (await runCase(entry)).outcomes) {
        for (const { series: { name, unit } } of metrics) {
          const isCount = COUNTS.some((start) => name.includes(start));
          if (unit === "" && NAME.test(name) && !isCount) missing.add(`${entry.name} ${name}`);
        }
      }
    }
    deepEqual([...missing], []);
  });

  it("are those that a call of emit says", async () => {
    const unitsOf = async (folder: string) => {
      const { outcomes } = await runCase(cases.find(({ name }) => name.startsWith(`${folder}/`))!);
      return [...new Set(outcomes.flatMap(({ metrics }) => metrics.map(({ series }) => series.unit)))].sort();
    };
    deepEqual(await unitsOf("ipmisensor"), ["", "V", "rpm", "°C"]);
    deepEqual(await unitsOf("lmsensors"), ["", "A", "J", "V", "W", "percent", "rpm", "°C"]);
  });
});

describe("an empty host", () => {
  for (const [name, load] of Object.entries(collectors)) {
    it(`${name} says that there is no data`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "empty-host-"));
      mkdirSync(join(directory, "0s"));
      const [part] = (await emptySettings({ catalogue, only: [name] })).collectors;
      const needsNothing = (await load()).default.sources === undefined;
      const { outcomes: [outcome] } = await runCase({ name, directory, part });
      rmSync(directory, { recursive: true });
      if (needsNothing) equal(outcome.error, undefined);
      else ok(["no-data", "config"].includes(String(codeOf(outcome.error))), `${outcome.error}`);
      if (!needsNothing) equal(outcome.metrics.length, 0);
    });
  }
});

describe("files cut short", () => {
  for (const entry of cases) {
    it(entry.name, async () => {
      const last = recordedHost(entry.directory).rounds.at(-1)!;
      const folder = join(entry.directory, `${last}s`);
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && !file.name.endsWith(".json"))
        .map((file) => join(file.parentPath, file.name));
      for (const file of files) {
        const bytes = new Uint8Array(readFileSync(file));
        const path = `/${relative(folder, file)}`;
        for (const length of lengthsOf(bytes)) {
          const { outcomes, refused } = await runCase(entry, (fs) => cutShort(fs, path, bytes.subarray(0, length)));
          const { error } = outcomes.at(-1)!;
          ok(error === undefined || codeOf(error) !== undefined, `${path} cut at ${length}: ${(error as Error)?.stack}`);
          equal(refused, 0, `${path} cut at ${length}: a value that is no number`);
        }
      }
    });
  }
});

const oddities: Record<string, (line: string, next: string) => string> = {
  "blank": () => "",
  "torn": (line) => line.slice(0, line.length / 2),
  "glued to the next one": (line, next) => line + next,
  "doubled": (line) => `${line}\n${line}`,
  "with a text for a number": (line) => line.replace(/\d+(?=\D*$)/, "x"),
  "with a negative number": (line) => line.replace(/(\s)(\d+)/, "$1-$2"),
  "with more than 64 bits": (line) => line.replace(/(\s)\d+/, `$1${"9".repeat(25)}`),
  "of other words": () => "such and such: as is",
  "of other bytes": () => "\u2028\xff\ufffd 5",
};
/** Below this a line is more than a part of the whole. */
const FEW_LINES = 4;

describe("an odd line costs itself", () => {
  const tables = cases.filter(({ directory }) => existsSync(join(directory, "0s/proc")) && !directory.includes("process_resources"));
  for (const entry of tables) {
    it(entry.name, async () => {
      const whole = (await runCase(entry)).outcomes.at(-1)!;
      const rounds = recordedHost(entry.directory).rounds;
      const folder = join(entry.directory, `${rounds.at(-1)}s`);
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && file.parentPath.includes("/proc"))
        .map((file) => join(file.parentPath, file.name));
      for (const file of files) {
        const lines = readFileSync(file, "utf8").trimEnd().split("\n");
        if (lines.length < FEW_LINES) continue;
        const path = `/${relative(folder, file)}`;
        for (const [oddity, change] of Object.entries(oddities)) {
          for (let at = 1; at < lines.length; at += Math.ceil(lines.length / 12)) {
            const text = lines.with(at, change(lines[at], lines[at + 1] ?? "")).join("\n");
            const { outcomes, refused } = await runCase(entry, (fs) => cutShort(fs, path, new TextEncoder().encode(`${text}\n`)));
            const { error, metrics } = outcomes.at(-1)!;
            const what = `${path}, line ${at + 1} ${oddity}`;
            const paths = metrics.map(({ series }) => series.path);
            equal(new Set(paths).size, paths.length, `${what}: a name comes twice`);
            equal(refused, 0, `${what}: a value that is no number`);
            ok(error === undefined || codeOf(error) === "no-data", `${what}: ${error}`);
            if (!hasOneRow(entry.name)) ok(paths.length * 2 >= whole.metrics.length, `${what}: ${paths.length} of ${whole.metrics.length}`);
          }
        }
      }
    });
  }
});

/** These hosts have one disk, one interface, one line of the kind: without it nothing is left. */
function hasOneRow(name: string): boolean {
  return /^(disk_usage|network|nfs|interrupt_soft|ip|tcp|udp|sockstat)\//.test(name);
}

describe("what commands print, cut short and odd", () => {
  for (const entry of cases) {
    const last = recordedHost(entry.directory).rounds.at(-1)!;
    const file = join(entry.directory, `${last}s`, "commands.json");
    if (!existsSync(file)) continue;
    it(entry.name, async () => {
      const commands: Record<string, { stdout?: string }> = JSON.parse(readFileSync(file, "utf8"));
      for (const [command, { stdout = "" }] of Object.entries(commands)) {
        for (const [what, text] of oddTexts(stdout)) {
          const instead = (asked: string, real: string) => (asked === command ? text : real);
          const { outcomes, refused } = await runCase(entry, undefined, instead);
          const { error } = outcomes.at(-1)!;
          ok(error === undefined || codeOf(error) !== undefined, `${command} ${what}: ${(error as Error)?.stack}`);
          equal(refused, 0, `${command} ${what}: a value that is no number`);
        }
      }
    });
  }
});

function* oddTexts(text: string): Iterable<[what: string, text: string]> {
  const step = Math.max(1, Math.ceil(text.length / 100));
  for (let length = 0; length < text.length; length += step) yield [`cut at ${length}`, text.slice(0, length)];
  const lines = text.split("\n");
  for (const [oddity, change] of Object.entries(oddities)) {
    for (let at = 0; at < lines.length; at += Math.ceil(lines.length / 12)) {
      yield [`line ${at + 1} ${oddity}`, lines.with(at, change(lines[at], lines[at + 1] ?? "")).join("\n")];
    }
  }
}

/** All lengths of a short file; of a long one those below 2 kB, and 200 spread over the rest. */
function* lengthsOf({ length }: Uint8Array): Iterable<number> {
  const all = Math.min(length, 2048);
  for (let at = 0; at < all; at++) yield at;
  const step = Math.max(1, Math.ceil((length - all) / 200));
  for (let at = all; at < length; at += step) yield at;
}

function cutShort(fs: HostFs, path: string, bytes: Uint8Array): HostFs {
  return {
    ...fs,
    read: (asked) => (asked === path ? new Cursor(bytes, path) : fs.read(asked)),
    readPieces: (asked) => (asked === path ? [new Cursor(bytes, path)] : fs.readPieces(asked)),
    tryRead: (asked) => (asked === path ? new Cursor(bytes, path) : fs.tryRead(asked)),
    readBytes: (asked) => (asked === path ? bytes : fs.readBytes(asked)),
  };
}
