/** The main job as users have it: an old configuration, a bare environment, several backends. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { dropReasons } from "../../src/delivery/ledger.ts";
import { makeJail, notRoot } from "../harness/jail.ts";
import { describeWith } from "../harness/describe_with.ts";
import { bun, deno } from "../../build/dev/tools.mjs";
import { noCarbon, startCarbon } from "../harness/carbon.ts";
import {
  executable,
  freePort,
  lineServer,
  noExecutable,
  root,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);

describeWith("the configuration of the old documentation", noExecutable, () => {
  it("runs unchanged but for its paths and addresses", async () => {
    const server = await lineServer();
    const base = join(directory, "old");
    mkdirSync(base);
    const text = readFileSync(join(import.meta.dirname!, "old_diamond.conf.in"), "utf8").replaceAll(
      "@base@",
      base,
    ).replaceAll("@port@", String(server.port));
    writeFileSync(join(base, "diamond.conf"), text);
    mkdirSync(join(base, "collectors"));
    writeFileSync(
      join(base, "collectors", "CPUCollector.conf"),
      "enabled = True\nhostname = from_file\n",
    );
    const running = start(["-lf", "-c", join(base, "diamond.conf")]);
    for (const collector of ["diskspace", "loadavg", "memory", "vmstat", "diamond"]) {
      await until(
        `${collector} arrives`,
        () => server.lines.some((line) => line.split(".")[2] === collector),
      );
    }
    await until(
      "the CPU's file is read",
      () => server.lines.some((line) => line.startsWith("servers.from_file.cpu.total.idle ")),
    );
    equal(await running.end(), 0);
    const archived = readFileSync(join(base, "log/archive.log"), "utf8").trim().split("\n");
    await until("both handlers have the same", () => server.lines.length === archived.length);
    deepEqual(server.lines, archived);
    const log = readFileSync(join(base, "log/diamond.log"), "utf8");
    match(
      log,
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] \[INFO\] \[MainThread:MainProcess\] diamond-agent /m,
    );
    match(running.output(), /^\d+(\.\d+)?\t\[MainProcess:\d+:INFO\]\tdiamond-agent /m);
    equal(log.includes("ERROR"), false, log);
    await server.close();
  });
});

describe("from source", () => {
  for (
    const [name, program, args] of [["Bun", bun(), []], ["Deno", deno(), ["run", "-A"]]] as const
  ) {
    it(`runs under ${name}, in the foreground and in the background`, async () => {
      const base = join(directory, name);
      mkdirSync(base);
      const [archive, pidFile] = [join(base, "archive.log"), join(base, "agent.pid")];
      writeFileSync(
        join(base, "diamond.conf"),
        `[server]\nstate_path = ${base}/state\nhandlers = ArchiveHandler\npid_file = ${pidFile}\n[handlers]\n[[ArchiveHandler]]\nlog_file = ${archive}\n[collectors]\n[[default]]\ninterval = 1\n[[CPUCollector]]\nenabled = True\n`,
      );
      const env = { HOME: base, DENO_DIR: join(base, "cache") };
      const command = [...args, join(root, "src/main.ts"), "run", "-c", join(base, "diamond.conf")];
      const running = start([...command, "-f", "--skip-pidfile"], { program, env });
      await until(
        "rates arrive",
        () => existsSync(archive) && readFileSync(archive, "utf8").includes(".cpu.total.idle "),
      );
      equal(await running.end(), 0, running.output());
      const { status, stderr } = spawnSync(program, command, { env, encoding: "utf8" });
      deepEqual([status, stderr], [0, ""]);
      const pid = Number(readFileSync(pidFile, "utf8"));
      process.kill(pid, "SIGTERM");
      await until("the daemon is gone, with its pid file", () => !existsSync(pidFile));
    });
  }
});

describeWith(
  "a chroot that holds nothing else",
  noExecutable || notRoot,
  () => {
    it("collects and sends", async () => {
      const server = await lineServer();
      const folder = join(directory, "jail");
      const jail = makeJail(folder);
      writeFileSync(
        join(folder, "diamond.conf"),
        `[server]\nhandlers = GraphiteHandler\n[handlers]\n[[GraphiteHandler]]\nhost = 127.0.0.1\nport = ${server.port}\n[collectors]\n[[default]]\ninterval = 1\nhostname = jailed\n` +
          ["CPU", "Memory", "LoadAverage", "Network", "VMStat"].map((name) =>
            `[[${name}Collector]]\nenabled = True\n`
          ).join(""),
      );
      try {
        const running = jail.start(["run", "-lf", "-c", "diamond.conf", "--skip-pidfile"]);
        for (const collector of ["cpu", "memory", "loadavg", "vmstat"]) {
          await until(
            `${collector} arrives`,
            () => server.lines.some((line) => line.startsWith(`servers.jailed.${collector}.`)),
          ).catch((error) => {
            throw new Error(`${error.message}\n${running.output()}`);
          });
        }
        equal(await running.end(), 0);
      } finally {
        jail.leave();
      }
      await server.close();
    });
  },
);

describeWith("the working directory", noExecutable, () => {
  it("is not read: no .env, bunfig.toml, package.json, tsconfig.json", () => {
    const trap = join(directory, "trap");
    mkdirSync(trap);
    const loud = join(trap, "loud.ts");
    writeFileSync(
      loud,
      'require("node:fs").writeFileSync("/tmp/never", "x"); console.log("PRELOADED");',
    );
    writeFileSync(join(trap, "bunfig.toml"), `preload = ["${loud}"]\n`);
    writeFileSync(join(trap, ".env"), "HOST_PROC=/nowhere\nNO_SUCH=1\n");
    writeFileSync(join(trap, "package.json"), "{ this is no JSON");
    writeFileSync(join(trap, "tsconfig.json"), "{ nor this");
    const { status, stdout, stderr } = spawnSync(executable, ["collect", "uptime"], {
      cwd: trap,
      env: {},
      encoding: "utf8",
    });
    deepEqual([status, stderr], [0, ""]);
    match(stdout, /uptime\.minutes/);
    equal(stdout.includes("PRELOADED"), false);
  });
});

const SECONDS = 60;
/** More than the kernel's buffers of a silent connection hold. */
const BULK_LINES = 4000;

describeWith("three backends", noExecutable || noCarbon, () => {
  it(`one refuses, one never reads, and carbon misses nothing in ${SECONDS} s`, async () => {
    const base = join(directory, "three");
    mkdirSync(join(base, "scripts"), { recursive: true });
    const [carbon, silent, closed] = [
      await startCarbon(base, "\\.bulk\\."),
      await lineServer({ reads: false }),
      await freePort(),
    ];
    const script = join(base, "scripts/bulk");
    writeFileSync(
      script,
      `#!/bin/sh\ni=0\nwhile [ $i -lt ${BULK_LINES} ]; do echo bulk.metric$i $i; i=$((i+1)); done\n`,
    );
    chmodSync(script, 0o755);
    const log = join(base, "agent.log");
    const backends = { refused: closed, silent: silent.port, carbon: carbon.port };
    const names = Object.keys(backends).map((name) => `GraphiteHandler ${name}`);
    writeFileSync(
      join(base, "diamond.conf"),
      `[server]\nself_metrics = full\nstate_path = ${base}/state\nhandlers = ${
        names.join(", ")
      }\n[handlers]\n[[default]]\nhost = 127.0.0.1\ntimeout = 2\nqueue_bytes = 1000000\n` +
        Object.entries(backends).map(([name, port]) =>
          `[[GraphiteHandler ${name}]]\nport = ${port}\n`
        ).join("") +
        `[collectors]\n[[default]]\ninterval = 1\nhostname = h\n[[UserScriptsCollector]]\nenabled = True\nscripts_path = ${base}/scripts\n` +
        ["CPU", "Memory", "LoadAverage", "VMStat", "ProcessStat"].map((name) =>
          `[[${name}Collector]]\nenabled = True\n`
        ).join("") +
        `[loggers]\nkeys = root\n[logger_root]\nlevel = INFO\nhandlers = f\n[handler_f]\nclass = FileHandler\nformatter = f\nargs = ('${log}',)\n[formatter_f]\nformat = %(levelname)s %(message)s\n`,
    );
    const begun = Math.ceil(Date.now() / 1000);
    const running = start(["run", "-f", "--skip-pidfile", "-c", join(base, "diamond.conf")]);
    const rss: number[] = [];
    for (let second = 0; second < SECONDS; second++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      rss.push(
        Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${running.pid}/status`, "utf8"))![1]),
      );
    }
    const ledger = (name: string) => {
      const end = Math.floor(Date.now() / 1000);
      return carbon.stored(`servers.h.diamond.handlers.${name}`, begun, end) ??
        new Map<number, number>();
    };
    // Everything but the last second or two must be there; what is in carbon's cache is written soon.
    const last = begun + SECONDS - 3;
    const expected = Array.from({ length: last - begun + 1 }, (_, index) => begun + index);
    for (const path of ["loadavg.01", "memory.MemFree", "diamond.process.rss"]) {
      await until(`carbon has every second of ${path}`, () => {
        const found = carbon.stored(`servers.h.${path}`, begun - 1, last);
        return expected.every((second) => found?.has(second));
      });
    }
    for (
      const handler of [
        "GraphiteHandler_refused",
        "GraphiteHandler_silent",
        "GraphiteHandler_carbon",
      ]
    ) {
      const [collected, delivered, unconfirmed, queued, spooled, ...dropped] = [
        "collected",
        "delivered",
        "unconfirmed",
        "queued",
        "spooled",
        ...dropReasons.map((reason) => `dropped.${reason}`),
      ]
        .map((name) => ledger(`${handler}.${name}`).get(last - 5)!);
      ok(collected > SECONDS * 1000, `${handler} was given ${collected} metrics`);
      equal(
        collected,
        delivered + unconfirmed + queued + spooled + dropped.reduce((sum, count) => sum + count),
        `the ledger of ${handler}`,
      );
      deepEqual(dropped.filter((count) => count > 0), [], `${handler} drops nothing`);
      if (handler.endsWith("refused")) equal(spooled > SECONDS * 1000, true);
    }
    equal(await running.end(), 0);

    // Between two collections it goes up and down, so the peaks are compared: a leak of 30 bytes a metric is found.
    const [early, late] = [Math.max(...rss.slice(0, 20)), Math.max(...rss.slice(-20))];
    ok(late < early * 1.1, `RSS is flat: ${early} kB, then ${late} kB`);
    const text = readFileSync(log, "utf8");
    for (const name of ["GraphiteHandler refused", "GraphiteHandler silent"]) {
      equal(
        text.split("\n").filter((line) => line.startsWith(`ERROR ${name}`)).length,
        1,
        `one line a period for ${name}:\n${text}`,
      );
    }
    equal(
      text.includes("ERROR GraphiteHandler carbon") || text.includes("does not close"),
      false,
      text,
    );
    await carbon.stop();
    await silent.close();
  });
});
