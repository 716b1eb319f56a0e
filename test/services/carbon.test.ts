/** Real carbons store what the executable sends, value by value, by every handler that speaks to them. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { type Carbon, noCarbon, startCarbon } from "../harness/carbon.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

const COLLECTORS = [
  "CPU",
  "Memory",
  "LoadAverage",
  "VMStat",
  "DiskSpace",
  "ProcessStat",
  "Uptime",
  "Sockstat",
];

interface Case {
  readonly handler: string;
  readonly carbons: number;
  /** What stands in the handler's section. */
  options(carbons: readonly Carbon[]): string;
  /** What carbon sees before each path. */
  readonly prefix?: string;
  /** Whether values arrive unrounded: then they are near those of the archive, by its decimals. */
  readonly unrounded?: boolean;
}

const cases: readonly Case[] = [
  {
    handler: "GraphiteHandler",
    carbons: 1,
    options: ([{ port }]) => `host = 127.0.0.1\nport = ${port}`,
  },
  {
    handler: "GraphitePickleHandler",
    carbons: 1,
    options: ([{ picklePort }]) => `host = 127.0.0.1\nport = ${picklePort}\nbatch = 256`,
    unrounded: true,
  },
  {
    handler: "MultiGraphiteHandler",
    carbons: 2,
    options: ([a, b]) => `host = 127.0.0.1:${a.port}, localhost:${b.port}\nproto = tcp4`,
  },
  {
    handler: "MultiGraphitePickleHandler",
    carbons: 2,
    options: ([a, b]) => `host = 127.0.0.1:${a.picklePort}, 127.0.0.1:${b.picklePort}`,
    unrounded: true,
  },
  {
    handler: "HostedGraphiteHandler",
    carbons: 1,
    options: ([{ port }]) => `apikey = ABC-def\nhost = 127.0.0.1\nport = ${port}`,
    prefix: "abc-def.",
  },
];

describeWith("carbon", noExecutable || noCarbon, () => {
  for (const { handler, carbons: count, options, prefix = "", unrounded = false } of cases) {
    it(`stores what ${handler} sends as the archive has it`, async () => {
      const base = join(directory, handler);
      mkdirSync(base);
      const carbons = await Promise.all(
        Array.from({ length: count }, (_, index) => startCarbon(join(base, `carbon${index}`))),
      );
      const archive = join(base, "archive.log");
      writeFileSync(
        join(base, "diamond.conf"),
        `[server]\nstate_path = ${base}/state\nhandlers = ${handler}, ArchiveHandler\n[handlers]\n[[${handler}]]\n${
          options(carbons)
        }\n[[ArchiveHandler]]\nlog_file = ${archive}\n` +
          `[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n` +
          COLLECTORS.map((name) => `[[${name}Collector]]\nenabled = True\n`).join(""),
      );
      const running = start(["run", "-lf", "-c", join(base, "diamond.conf"), "--skip-pidfile"]);
      const lines = () =>
        existsSync(archive)
          ? readFileSync(archive, "utf8").trim().split("\n").map((line) => line.split(" "))
          : [];
      await until(
        "some seconds are collected",
        () => new Set(lines().map(([, , timestamp]) => timestamp)).size >= 5,
      );
      equal(await running.end(), 0, running.output());

      const sent = lines();
      const stamps = sent.map(([, , timestamp]) => Number(timestamp));
      const [oldest, newest] = [Math.min(...stamps), Math.max(...stamps)];
      for (
        const part of [
          "cpu.total.idle",
          "memory.MemFree",
          "loadavg.01",
          "vmstat.pgfault",
          "diskspace.root.byte_used",
          "uptime.minutes",
          "diamond.process.rss",
        ]
      ) {
        ok(sent.some(([path]) => path === `servers.web1.${part}`), `${part} is collected`);
      }
      const byPath = Map.groupBy(sent, ([path]) => path);
      for (const carbon of carbons) {
        const stored = await until("carbon has written everything", () => {
          const found = carbon.everything(oldest - 1, newest + 1);
          return [...byPath].every(([path, lines]) =>
              (found.get(prefix + path)?.size ?? 0) >= lines.length
            )
            ? found
            : undefined;
        });
        for (const [path, expected] of byPath) {
          const values = stored.get(prefix + path)!;
          deepEqual([...values.keys()], expected.map(([, , timestamp]) => Number(timestamp)), path);
          for (const [, text, timestamp] of expected) {
            const decimals = text.split(".")[1]?.length ?? 0;
            const slack = unrounded ? 0.5000001 * 10 ** -decimals : 0;
            const value = values.get(Number(timestamp))!;
            ok(
              Math.abs(value - Number(text)) <= slack,
              `${path} at ${timestamp}: ${value}, archived as ${text}`,
            );
          }
        }
      }
      await Promise.all(carbons.map((carbon) => carbon.stop()));
    });
  }
});
