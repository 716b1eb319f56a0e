/** A real carbon stores what the executable sends, value by value. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import { noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { noCarbon, startCarbon } from "../harness/carbon.ts";

const { path: directory, remove } = temporary();
after(remove);

describeWith("carbon", noExecutable || noCarbon, () => {
  it("stores servers.<host>.{cpu,memory,loadavg,…} as the archive has them", async () => {
    const carbon = await startCarbon(join(directory, "carbon"));
    const archive = join(directory, "archive.log");
    writeFileSync(
      join(directory, "diamond.conf"),
      `[server]\nhandlers = GraphiteHandler, ArchiveHandler\n[handlers]\n[[GraphiteHandler]]\nhost = 127.0.0.1\nport = ${carbon.port}\n[[ArchiveHandler]]\nlog_file = ${archive}\n` +
        `[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n` +
        ["CPU", "Memory", "LoadAverage", "VMStat", "DiskSpace", "ProcessStat", "Uptime", "Sockstat"]
          .map((name) => `[[${name}Collector]]\nenabled = True\n`).join(""),
    );
    const running = start(["run", "-lf", "-c", join(directory, "diamond.conf"), "--skip-pidfile"]);
    const lines = () =>
      existsSync(archive)
        ? readFileSync(archive, "utf8").trim().split("\n").map((line) => line.split(" "))
        : [];
    await until(
      "some seconds are collected",
      () => new Set(lines().map(([, , timestamp]) => timestamp)).size >= 6,
    );
    equal(await running.end(), 0, running.output());
    const sent = lines();
    const newest = Math.max(...sent.map(([, , timestamp]) => Number(timestamp)));
    const oldest = Math.min(...sent.map(([, , timestamp]) => Number(timestamp)));
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
    for (const path of new Set(sent.map(([name]) => name))) {
      const expected = sent.filter(([name]) => name === path).map((
        [, value, timestamp],
      ) => [Number(timestamp), Number(value)]);
      const stored = await until(`carbon stores ${path}`, () => {
        const found = carbon.stored(path, oldest - 1, newest + 1);
        return found !== undefined && found.size >= expected.length ? found : undefined;
      });
      deepEqual([...stored], expected, path);
    }
    await carbon.stop();
  });
});
