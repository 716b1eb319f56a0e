import { equal, match, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { collectorThatIsOff, missingCollector } from "../../src/agent/collector_status.ts";
import { handlerThatIsOff } from "../../src/agent/handler_status.ts";
import type { Status } from "../../src/agent/status.ts";
import { report } from "../../src/cli/status_text.ts";

const NOW = Date.UTC(2026, 0, 31, 12, 0, 6);
const terminal = { write() {}, isTerminal: false, columns: 100, colours: false };

const time = { min: 0.5, mean: 1.25, max: 4 };
const runs = { ...collectorThatIsOff("x"), interval: 10, runs: 3, lastRun: NOW - 2000 };
const SOUND: Status = {
  now: NOW,
  host: "h",
  pid: 1,
  started: NOW - 6000,
  rss: 48 * 1_048_576,
  cpu: 12,
  maxMemory: 128 * 1_048_576,
  configuration: {
    file: "/etc/diamond/diamond.conf",
    inForceSince: NOW - 6000,
    problems: [],
    permissions: [],
  },
  collectors: [
    { ...runs, name: "CPUCollector", state: "ok", points: 1234, time },
    { ...runs, name: "MemoryCollector", state: "ok", time: { ...time, mean: 3 } },
    collectorThatIsOff("PingCollector"),
  ],
  handlers: [
    {
      ...handlerThatIsOff("GraphiteHandler"),
      state: "ok",
      receipt: "transport",
      destination: "10.0.0.5:2003",
      delivered: 1234,
      lag: 0.02,
    },
    handlerThatIsOff("ArchiveHandler"),
  ],
  degraded: [],
};

const lines = (status: Status) => report(status, terminal).split("\n");

describe("the text of status", () => {
  it("begins with the verdict, the process and the configuration", () => {
    equal(
      lines(SOUND).slice(0, 3).join("\n"),
      "Healthy\nup 6 s, pid 1, memory 48 of 128 MB\n" +
        "configuration /etc/diamond/diamond.conf, in force since 2026-01-31 12:00:00 UTC",
    );
  });

  it("shows each handler with its destination, what a write proves, and its backlog", () => {
    const text = report(SOUND, terminal);
    ok(text.includes("  GraphiteHandler to 10.0.0.5:2003: ok\n"));
    ok(text.includes("    1,234 delivered, TCP only (no ack), lag 0.02 s\n"));
    ok(text.includes("    backlog: nothing waits\n    dropped: none\n"));
    const [graphite] = SOUND.handlers;
    const away = { ...graphite, queued: 5, spooled: 3000, spoolBytes: 20_000_000, behind: 45 };
    match(
      report({ ...SOUND, handlers: [away] }, terminal),
      /backlog: 5 in memory, 3,000 on disk \(19 MB\), the oldest from 45 s ago/,
    );
  });

  it("names what is off in one line, and the slowest collectors first", () => {
    const text = report(SOUND, terminal);
    ok(text.includes("\nOff: ArchiveHandler, PingCollector\n"));
    match(
      text,
      /Slowest collectors\n.*min.*mean.*max *\n +MemoryCollector.*\n +CPUCollector .*0\.5 ms +1\.3 ms +4\.0 ms/,
    );
    ok(!text.includes("Problems"));
  });

  it("names the limit that a collector has come to, and how much it has left out", () => {
    const message = 'more than max_names = 5000, with "a.b"';
    const crowd = { message, code: undefined, first: NOW, last: NOW, count: 1, advice: "find it" };
    const crowded = { ...SOUND.collectors[0], leftOut: 12_000, crowd };
    match(
      report({ ...SOUND, collectors: [crowded] }, terminal),
      /CPUCollector: 12,000 left out\n +more than max_names = 5000, with "a\.b"\n.*since.*\n +To do: find it/,
    );
  });

  it("says why it is degraded, since when, and what to do", () => {
    const missing = missingCollector({
      kind: "collector",
      section: "NoCollector",
      reason: 'there is no collector "NoCollector"',
      since: NOW - 6000,
      isRetried: false,
    }, NOW);
    const problem = "/etc/diamond/diamond.conf:3: error: interval of [[X]]";
    const text = report({
      ...SOUND,
      configuration: {
        ...SOUND.configuration!,
        onDisk: { problems: [problem], since: NOW - 1000 },
      },
      collectors: [...SOUND.collectors, missing],
      degraded: Array.from({ length: 8 }, (_, index) => `reason ${index}`),
    }, terminal);
    ok(text.startsWith("Degraded: reason 0; reason 1;"));
    ok(text.includes("; reason 5; 2 more\n"));
    ok(text.includes(`  ${problem} (on disk, not in force)\n`));
    match(
      text,
      /NoCollector: missing\n.*there is no collector.*\n.*since 2026-01-31 12:00:00 UTC\n.*To do: `diamond-agent list`/,
    );
  });
});
