import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { messageOf } from "../../src/core/errors.ts";
import { createHost } from "../../src/platform/host.ts";
import { createKeptFiles } from "../../src/platform/fs/open_files.ts";

const directory = mkdtempSync(join(tmpdir(), "diamond-platform-"));
after(() => rmSync(directory, { recursive: true }));

describe("files that are kept open", { skip: process.platform !== "linux" }, () => {
  const namesIn = (text: string) => text.split("\n").map((line) => line.trim().split(/[\s:]/)[0]);

  it("are read to their end, which has to be asked for only where there may be more", () => {
    let now = 0;
    const kept = createKeptFiles((path) => path, () => now += 1000);
    const paths = [
      "/proc/diskstats",
      "/proc/interrupts",
      "/proc/meminfo",
      "/proc/net/dev",
      "/proc/net/netstat",
      "/proc/softirqs",
      "/proc/stat",
      "/proc/vmstat",
      "/sys/devices/system/cpu/online",
    ];
    for (const path of [...paths, ...paths]) {
      const { bytes, length } = kept.read(path)!;
      const text = new TextDecoder().decode(bytes.subarray(0, length));
      deepEqual(namesIn(text), namesIn(readFileSync(path, "utf8")), path);
    }
  });

  it("have as much room as they need, and get more when they grow", async () => {
    let now = 0;
    const kept = createKeptFiles((path) => path, () => now += 1000);
    const roomOf = (path: string) => kept.read(path)!.bytes.length;
    const path = "/proc/net/unix";
    for (const _ of ["one", "the other", "again"]) {
      ok(roomOf(path) > 0 && roomOf("/proc/uptime") > 0);
    }
    ok(roomOf("/proc/uptime") < 256);
    const before = roomOf(path);
    const names = Array.from({ length: 40 }, (_, at) => join(directory, `${at}${"x".repeat(40)}`));
    const servers: Server[] = [];
    while (roomOf(path) === before && servers.length < 1000) {
      for (const name of names) {
        const server = createServer();
        servers.push(server);
        await new Promise<void>((done) => server.listen(`${name}${servers.length}`, done));
      }
    }
    const { bytes, length } = kept.read(path)!;
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    for (const server of servers) ok(text.includes(`${server.address()}`));
    for (const server of servers) server.close();
  });
});

describe("files of the host", () => {
  const { fs } = createHost({ procfs: "", sysfs: "", rootfs: "" });
  it("are read whole, also where they tell no size", () => {
    ok(fs.read("/proc/self/status").text().startsWith("Name:"));
    writeFileSync(join(directory, "large"), "x".repeat(300_000));
    equal(fs.readBytes(join(directory, "large")).length, 300_000);
  });
  it("that are not there are no data", () => {
    throws(
      () => fs.read("/no/such/file"),
      (error: Error) => messageOf(error) === "cannot read /no/such/file: no such file or directory",
    );
    equal(fs.tryRead("/no/such/file"), undefined);
    equal(fs.stat("/no/such/file"), undefined);
  });
  it("that the kernel makes are new at each look, and one of them for one moment", async () => {
    if (process.platform !== "linux") return;
    const uptime = () => fs.read("/proc/uptime");
    const [first, again] = [uptime(), uptime()];
    equal(first.text(), again.text());
    await new Promise((resolve) => setTimeout(resolve, 60));
    const later = uptime();
    ok(later.float() > again.float());
    equal(first.text(), again.text(), "whoever read it before still has that");
  });
  it("are read to their end where that is far", () => {
    const text = fs.read("/proc/kallsyms").text();
    equal(text.length, readFileSync("/proc/kallsyms", "latin1").length);
    ok(text.length > 100_000);
  });
  it("may be executable", () => {
    const program = join(directory, "program");
    writeFileSync(program, "");
    chmodSync(program, 0o644);
    equal(fs.executable("/bin/sh"), true);
    equal(statSync(program).isFile(), true);
  });
});
