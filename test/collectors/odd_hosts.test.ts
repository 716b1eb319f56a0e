/** Hosts as they are in the field: other kernels, other machines, torn files. */

import { deepEqual, equal, match, throws } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import { runRecorded } from "../../src/cli/test.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { parseUtmp } from "../../src/collectors/host/users.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { createHostFs } from "../../src/platform/fs/files.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import { recordedLog } from "../harness/recorded_log.ts";

/** One map of files a round, ten seconds apart. Returns the lines of the last round and what was logged. */
async function collect(name: string, rounds: Record<string, string>[], options = "rates = diamond") {
  const directory = mkdtempSync(join(tmpdir(), "odd-host-"));
  try {
    for (const [index, files] of rounds.entries()) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(directory, `${index * 10}s`, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
    }
    const path = join(directory, "diamond.conf");
    writeFileSync(path, `[server]\n[handlers]\n[collectors]\n[[default]]\ninterval = 10\n[[${name}]]\n${options}\n`);
    const settings = await resolveSettings({ path, files: configFiles, catalogue: { collectors, handlers }, only: [name] });
    deepEqual(settings.problems, []);
    const log = recordedLog();
    const host = recordedHost(directory);
    const runner = await singleRunner(settings.collectors[0], host, log);
    const { text } = await runRecorded(runner, host);
    return { lines: text.split(/^# \d+s\n/m).at(-1)!.trim().split("\n"), log, runner };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe("odd hosts", () => {
  it("rows of /proc/interrupts with one name are published as their sum, and none as another's", async () => {
    const table = (...counts: number[]) =>
      `      CPU0\n${counts.map((count, row) => `${120 + row}: ${count} IR-PCI-MSI-edge megasas\n`).join("")}FIQ:   usb_fiq\nNMI: x\n`;
    const { lines, log } = await collect("InterruptCollector", [
      { "proc/interrupts": `${table(100, 90_000)}124: 1 2 3 too many\n` },
      { "proc/interrupts": table(200, 90_300) },
    ]);
    deepEqual(lines, ["interrupts.IR-PCI-MSI-edge_megasas.CPU0 40", "interrupts.IR-PCI-MSI-edge_megasas.total 40"]);
    match(log.lines.join("\n"), /leaves out a line of \/proc\/interrupts that cannot be read/);
  });

  it("a disk with one counter that ran backwards publishes what is known, and requests under way may be negative", async () => {
    const row = (reads: number, busy: number, now: number) => `8 0 sda ${reads} 0 8 0 0 0 0 0 ${now} ${busy} 7\n`;
    const { lines } = await collect("DiskUsageCollector", [
      { "proc/diskstats": `${row(100, 50, 0)}8 1 sda1 1 2 3 4\n` },
      { "proc/diskstats": `${row(150, 49, -1)}8 1 sda1 1 2 3 4\n` },
    ], "rates = measured");
    const names = lines.map((line) => line.split(" ")[0].slice("iostat.sda.".length));
    deepEqual(lines.filter((line) => /\.(reads|io_in_progress|iops) /.test(line)), [
      "iostat.sda.reads 50.000",
      "iostat.sda.io_in_progress -1.000",
      "iostat.sda.iops 5.000",
    ]);
    deepEqual(names.filter((name) => /io_milliseconds$|util|service_time|concurrent/.test(name)), []);
  });

  it("two lines cpu, and /proc/stat with the total only", async () => {
    const { lines } = await collect("CPUCollector", [
      { "proc/stat": "cpu 0 0 0 0\ncpu 10 0 0 0\ncpu0 1 2 3 4\ncpufreq 1\n" },
      { "proc/stat": "cpu 0 0 0 0\ncpu 20 0 0 0\ncpu0 2 2\n" },
    ]);
    deepEqual(lines.filter((line) => !line.includes(".cpu0.")), [
      "cpu.total.user 1.00",
      "cpu.total.nice 0.00",
      "cpu.total.system 0.00",
      "cpu.total.idle 0.00",
      "cpu.cpu_count 1.00",
    ]);
    const { lines: alone } = await collect("CPUCollector", [{ "proc/stat": "cpu 1 2 3 4\n" }, { "proc/stat": "cpu 11 2 3 4\n" }]);
    deepEqual(alone.slice(0, 2), ["cpu.total.user 1.00", "cpu.total.nice 0.00"]);
  });

  it("an empty table of connections is not one without connections", async () => {
    const { runner } = await collect("NetstatCollector", [{ "proc/net/tcp": "" }]);
    match(runner.absence?.message ?? "", /no table of connections/);
    const row = (state: string) => `0: 0100007F:0CEA 00000000:0000 ${state} 0\n`;
    const { lines } = await collect("NetstatCollector", [{ "proc/net/tcp": `  sl  local rem st\n${row("01")}${row("0D")}${row("0A")}torn\n` }]);
    deepEqual(lines.filter((line) => !line.endsWith(" 0")), ["netstat.ESTABLISHED 1", "netstat.LISTEN 1"]);
  });

  it("a file that cannot be read is named, and the one beside it is published", async () => {
    const { lines, log } = await collect("IPCollector", [
      { "proc/net/snmp/folder": "", "proc/net/snmp6": "Ip6InReceives 5\n" },
      { "proc/net/snmp/folder": "", "proc/net/snmp6": "Ip6InReceives 25\nIp6InDelivers x\n" },
    ]);
    deepEqual(lines, ["ip.Ip6InReceives 2"]);
    match(log.lines.join("\n"), /cannot read \/proc\/net\/snmp\n/);
    match(log.lines.join("\n"), /leaves out a line of \/proc\/net\/snmp6 that cannot be read: "Ip6InDelivers x"/);
  });

  it("tables of any length are read piece by piece, and no line is cut", () => {
    const directory = mkdtempSync(join(tmpdir(), "long-table-"));
    const line = (at: number) => `${at} ${"x".repeat(at % 997)}`;
    const all = Array.from({ length: 5000 }, (_, at) => line(at));
    mkdirSync(join(directory, "proc/net"), { recursive: true });
    writeFileSync(join(directory, "proc/net/tcp"), all.join("\n"));
    const seen: string[] = [];
    for (const piece of createHostFs({ procfs: "", sysfs: "", rootfs: directory }).readPieces("/proc/net/tcp")) {
      while (piece.nextLine()) seen.push(piece.line());
    }
    rmSync(directory, { recursive: true });
    deepEqual(seen, all);
  });
});

describe("utmp", () => {
  const record = (length: number, type: number, user: string) => {
    const bytes = new Uint8Array(length);
    bytes[0] = type;
    bytes.set(new TextEncoder().encode("pts/0"), 8);
    bytes.set(new TextEncoder().encode(user), 44);
    return bytes;
  };
  const file = (...records: Uint8Array[]) => new Uint8Array(records.flatMap((bytes) => [...bytes]));

  it("of 64-bit times has longer records, also where shorter ones would divide it", () => {
    const users = Array.from({ length: 24 }, (_, at) => record(400, at < 20 ? 7 : 8, `user${at}`));
    equal(parseUtmp(file(...users)).size, 20);
    equal(parseUtmp(file(...users.map((_, at) => record(384, 7, `u${at}`)))).size, 24);
  });

  it("that is torn counts whole records; what is none is an error", () => {
    const skipped: string[] = [];
    const torn = file(record(384, 7, "root"), record(384, 7, "alice"), new Uint8Array(100));
    deepEqual([...parseUtmp(torn, (what) => void skipped.push(what))], [["root", 1], ["alice", 1]]);
    equal(skipped.length, 1);
    equal(parseUtmp(new Uint8Array()).size, 0);
    throws(() => parseUtmp(new TextEncoder().encode("no records at all".repeat(50))), /no records of utmp/);
  });
});
