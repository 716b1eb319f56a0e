import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawn, spawnSync } from "node:child_process";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createSocket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import graphite from "../../src/handlers/graphite.ts";
import { deliveryOptions } from "../../src/core/handler.ts";
import { messageOf } from "../../src/core/errors.ts";
import type { Rotation } from "../../src/ports/fs.ts";
import { levels } from "../../src/formats/log_record.ts";
import { openAppender } from "../../src/platform/log/appender.ts";
import { realClock } from "../../src/platform/clock.ts";
import { realExec } from "../../src/platform/exec/exec.ts";
import { createHost } from "../../src/platform/host.ts";
import { createKeptFiles } from "../../src/platform/fs/open_files.ts";
import { serveLines } from "../../src/platform/net/line_server.ts";
import { createLimiter } from "../../src/platform/exec/limiter.ts";
import { localZone } from "../../src/platform/log/local_zone.ts";
import { openLog } from "../../src/platform/log/log.ts";
import {
  checkPidFile,
  removePidFile,
  takeLock,
  writePidFile,
} from "../../src/platform/service/pid_file.ts";
import { hostPathOf, hostViewOf, realPathOf, rootsFrom } from "../../src/platform/roots.ts";
import { codeRanges, placeOf } from "../../src/platform/memory/clean_pages.ts";
import { metrics } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";
import { defaultsOf } from "../harness/defaults.ts";

const isBun = process.versions.bun !== undefined;
const directory = mkdtempSync(join(tmpdir(), "diamond-platform-"));
after(() => rmSync(directory, { recursive: true }));
const rotation: Rotation = {
  when: "NEVER",
  interval: 1,
  keep: 0,
  maxBytes: 0,
  gzip: false,
  utc: true,
  watch: false,
};
/** What a program says, in a process of its own, which has nothing to complain of. */
function evaluated(program: string, env: Record<string, string>): string {
  const { stdout, stderr } = spawnSync(process.execPath, [isBun ? "-e" : "eval", program], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  equal(stderr, "");
  return stdout;
}
const until = async (what: string, holds: () => boolean) => {
  for (let turn = 0; turn < 400 && !holds(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  ok(holds(), what);
};

describe("roots", () => {
  const roots = { procfs: "/host/proc", sysfs: "", rootfs: "/host" };
  it("move paths there and back", () => {
    equal(realPathOf("/proc/stat", roots), "/host/proc/stat");
    equal(realPathOf("/sys/x", roots), "/host/sys/x");
    equal(realPathOf("/etc/x", roots), "/host/etc/x");
    equal(realPathOf("/host/etc/x", roots), "/host/etc/x");
    equal(realPathOf("/process", { procfs: "/p", sysfs: "", rootfs: "" }), "/process");
    equal(hostPathOf("/host/proc/stat", roots), "/proc/stat");
    equal(hostPathOf("/host/etc", roots), "/etc");
  });
  it("show a container its host's mounts and network, through process 1", () => {
    const has = (path: string) => path.startsWith("/host/proc/1/");
    equal(hostViewOf("/proc/net/dev", roots, has), "/host/proc/1/net/dev");
    equal(hostViewOf("/proc/mounts", roots, has), "/host/proc/1/mounts");
    equal(hostViewOf("/proc/mounts", roots, () => false), "/host/proc/mounts");
    equal(hostViewOf("/proc/stat", roots, has), "/host/proc/stat");
    equal(
      hostViewOf("/proc/net/dev", { procfs: "", sysfs: "", rootfs: "" }, () => true),
      "/proc/net/dev",
    );
  });
  it("take options before the environment", () => {
    deepEqual(rootsFrom({ procfs: "/a/" }, { HOST_PROC: "/b", HOST_SYS: "/s" }), {
      procfs: "/a",
      sysfs: "/s",
      rootfs: "",
    });
  });
});

describe("appended files", () => {
  it("rotate by size and keep so many", () => {
    const path = join(directory, "by-size", "x.log");
    const file = openAppender(path, { ...rotation, when: "SIZE", maxBytes: 10, keep: 2 });
    for (const text of ["aaaaaaa\n", "bbbbbbb\n", "ccccccc\n", "ddddddd\n"]) file.append(text);
    file.close();
    deepEqual(readdirSync(join(directory, "by-size")).sort(), ["x.log", "x.log.1", "x.log.2"]);
    equal(readFileSync(path, "utf8") + readFileSync(`${path}.1`, "utf8"), "ddddddd\nccccccc\n");
  });

  it("rotate by time, from the time of the file that is there, and keep so many", () => {
    const folder = join(directory, "by-time");
    mkdirSync(folder);
    const path = join(folder, "x.log");
    for (const day of ["01", "02", "03"]) writeFileSync(`${path}.2020-01-${day}`, "");
    writeFileSync(path, "old\n");
    utimesSync(path, new Date("2020-01-10T12:00:00Z"), new Date("2020-01-10T12:00:00Z"));
    const file = openAppender(path, { ...rotation, when: "MIDNIGHT", keep: 2 });
    file.append("new\n");
    file.close();
    deepEqual(readdirSync(folder).sort(), ["x.log", "x.log.2020-01-03", "x.log.2020-01-10"]);
    equal(readFileSync(`${path}.2020-01-10`, "utf8"), "old\n");
    equal(readFileSync(path, "utf8"), "new\n");
  });

  it("compress what is put aside", async () => {
    const path = join(directory, "gz", "x.log");
    const file = openAppender(path, {
      ...rotation,
      when: "SIZE",
      maxBytes: 10,
      keep: 3,
      gzip: true,
    });
    file.append("aaaaaaaaa\n");
    file.append("bbbbbbbbb\n");
    await until(
      "the old file is compressed",
      () => existsSync(`${path}.1.gz`) && !existsSync(`${path}.1`),
    );
    file.close();
    deepEqual([...readFileSync(`${path}.1.gz`).subarray(0, 2)], [0x1f, 0x8b]);
  });

  it("follow a file that somebody moved away", async () => {
    const path = join(directory, "watched.log");
    const file = openAppender(path, { ...rotation, watch: true });
    file.append("one\n");
    renameSync(path, `${path}.old`);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    file.append("two\n");
    file.close();
    equal(readFileSync(path, "utf8"), "two\n");
  });

  it("go on in the old file where the new one cannot be opened", async () => {
    const path = join(directory, "replaced.log");
    const file = openAppender(path, { ...rotation, watch: true });
    file.append("one\n");
    renameSync(path, `${path}.old`);
    mkdirSync(path);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    throws(() => file.append("two\n"), /cannot write ".*replaced.log"/);
    file.append("two\n");
    file.close();
    equal(readFileSync(`${path}.old`, "utf8"), "one\ntwo\n");
  });

  it("say which file cannot be written", () => {
    throws(
      () => openAppender(join(directory, "watched.log", "x"), rotation),
      /cannot write ".*watched.log\/x"/,
    );
  });

  it("take back half a text on a full disk", { skip: !existsSync("/dev/full") }, () => {
    const file = openAppender("/dev/full", rotation);
    throws(() => file.append("x\n"), /ENOSPC|No space/);
    file.close();
  });
});

describe("the log", () => {
  const output = { level: levels.INFO, format: "%(levelname)s %(message)s", datefmt: "" };
  it("goes by level to each output", () => {
    const path = join(directory, "agent.log");
    const log = openLog({
      plan: { level: levels.INFO, outputs: [{ ...output, to: { kind: "file", path, rotation } }] },
      toStdout: false,
      complain: () => {},
    });
    log.debug("no");
    log.info("yes");
    log.error("bad", new Error("cause"));
    log.close();
    equal(readFileSync(path, "utf8"), "INFO yes\nERROR bad\n");
  });

  it("that cannot be opened is complained of, and goes on elsewhere", () => {
    const told: string[] = [];
    const path = join(directory, "agent.log", "below");
    const log = openLog({
      plan: { level: levels.ERROR, outputs: [{ ...output, to: { kind: "file", path, rotation } }] },
      toStdout: false,
      complain: (line) => told.push(line),
    });
    log.close();
    match(told.join(), /cannot write ".*below".*the log goes to stderr/);
  });

  it("goes to a syslog host, with its priority", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const got: string[] = [];
    socket.on("message", (message) => got.push(message.toString()));
    const to = {
      kind: "syslog",
      address: ["127.0.0.1", socket.address().port],
      facility: 3,
    } as const;
    const log = openLog({
      plan: { level: levels.INFO, outputs: [{ ...output, to }] },
      toStdout: false,
      complain: () => {},
    });
    log.warn("careful");
    await until("the record arrives", () => got.length > 0);
    deepEqual(got, [`<28>diamond[${process.pid}]: WARNING careful`]);
    log.close();
    socket.close();
  });

  it("on a full disk is complained of once", { skip: !existsSync("/dev/full") }, () => {
    const told: string[] = [];
    const log = openLog({
      plan: {
        level: levels.INFO,
        outputs: [{ ...output, to: { kind: "file", path: "/dev/full", rotation } }],
      },
      toStdout: false,
      complain: (line) => told.push(line),
    });
    for (let line = 0; line < 5; line++) log.info("x");
    equal(told.length, 1);
  });
});

describe("commands", () => {
  const signal = () => new AbortController().signal;
  it("give output and exit status", async () => {
    deepEqual(
      await realExec.run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], { signal: signal() }),
      { stdout: "out\n", stderr: "err\n", code: 3 },
    );
  });
  it("that are not there are no data", async () => {
    await rejects(
      realExec.run(["/no/such/program"], { signal: signal() }),
      /cannot run \/no\/such\/program/,
    );
  });
  it("are killed with their children at the signal", async () => {
    const stop = new AbortController();
    const pidFile = join(directory, "child.pid");
    const pending = realExec.run(["/bin/sh", "-c", `sleep 600 & echo $! > ${pidFile}; wait`], {
      signal: stop.signal,
    });
    await until(
      "the child runs",
      () => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim() !== "",
    );
    stop.abort();
    await rejects(pending, /was killed/);
    const pid = readFileSync(pidFile, "utf8").trim();
    await until(
      "the grandchild is gone",
      () => !existsSync(`/proc/${pid}`) || /\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8")),
    );
  });
  it("that print without end are cut", async () => {
    const { stdout, code } = await realExec.run(["/bin/sh", "-c", "yes"], {
      signal: signal(),
      maxBytes: 100_000,
    });
    ok(stdout.length <= 100_000 && code === null);
  });
  it("pass on nothing that loads code", async () => {
    process.env.BUN_OPTIONS_TEST = "x";
    const { stdout } = await realExec.run(["/bin/sh", "-c", "env"], { signal: signal() });
    equal(stdout.includes("BUN_OPTIONS_TEST"), false);
  });
});

describe("the local time", () => {
  const [winter, summer] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 6, 1)];
  const offsets = (zone: string) => {
    const program = `
      const { localZone } = await import("${import.meta.dirname}/../../src/platform/log/local_zone.ts");
      console.log(localZone(${winter}), localZone(${summer}));`;
    return evaluated(program, { TZ: zone }).trim();
  };

  it("is that of TZ", () => {
    equal(offsets("UTC"), "0 0");
    // Of a zone by its rules the C library knows, and of one by its name the runtime: the files may not be there.
    if (isBun && process.platform === "linux") {
      equal(offsets("CET-1CEST,M3.5.0,M10.5.0/3"), "60 120");
      equal(offsets("NST3:30"), "-210 -210");
    } else {
      equal(offsets("Europe/Berlin"), "60 120");
      equal(offsets("America/St_Johns"), "-210 -150");
    }
  });

  it("is what the runtime says, where that has been asked", () => {
    for (let time = winter; time < summer; time += 7 * 86_400_000) {
      equal(localZone(time), 0 - new Date(time).getTimezoneOffset());
    }
  });
});

describe("a service manager whose socket does not answer", () => {
  it("is spoken to by systemd's own program", () => {
    const folder = mkdtempSync(join(directory, "notify-"));
    const said = join(folder, "said");
    const script = `#!/bin/sh\necho "$NOTIFY_SOCKET" "$@" > ${said}\n`;
    writeFileSync(join(folder, "systemd-notify"), script, { mode: 0o755 });
    for (const socket of [join(folder, "nobody"), "@nobody", `/${"x".repeat(200)}`]) {
      const program = `
        const { serviceManager } = await import("${import.meta.dirname}/../../src/platform/service/notify.ts");
        await serviceManager().tell("READY=1", "STATUS=here");`;
      evaluated(program, { PATH: `${folder}:/bin:/usr/bin`, NOTIFY_SOCKET: socket });
      equal(readFileSync(said, "utf8"), `${socket} READY=1 STATUS=here\n`);
      rmSync(said);
    }
  });
});

describe("the pid file", () => {
  const path = join(directory, "agent.pid");
  it("is ours to remove, and nobody else's", () => {
    writePidFile(path, { uid: -1, gid: -1 });
    equal(readFileSync(path, "utf8"), `${process.pid}\n`);
    removePidFile(path);
    equal(existsSync(path), false);
    writeFileSync(path, "1\n");
    removePidFile(path);
    equal(existsSync(path), true);
  });
  it("keeps the agent from starting where it names a Diamond, and is removed where it names anything else", async () => {
    const diamond = join(directory, "diamond");
    writeFileSync(diamond, "#!/bin/sh\nsleep 60\n", { mode: 0o755 });
    const [other, running] = [spawn("sleep", ["60"]), spawn(diamond)];
    try {
      writeFileSync(path, `${other.pid}\n`);
      equal(checkPidFile(path, true), `process ${other.pid}, which is another program`);
      equal(existsSync(path), false);
      const line = `/proc/${running.pid}/cmdline`;
      for (let tries = 0; tries < 100 && !/\/diamond\0/.test(readFileSync(line, "utf8")); tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      writeFileSync(path, `${running.pid}\n`);
      throws(() => checkPidFile(path, true), /already running: ".*" names the live process \d+$/);
    } finally {
      other.kill("SIGKILL");
      running.kill("SIGKILL");
    }
    writeFileSync(path, "4194305\n");
    equal(checkPidFile(path, true), "the dead process 4194305");
    equal(existsSync(path), false);
    writeFileSync(path, "what?\n");
    equal(checkPidFile(path, true), undefined);
  });
  it("is never what is something else", () => {
    const precious = join(directory, "precious");
    writeFileSync(precious, "x".repeat(100));
    for (const other of [precious, directory, "/dev/null"]) {
      throws(() => checkPidFile(other, true), /is not a pid file/);
      throws(() => writePidFile(other, { uid: -1, gid: -1 }), /cannot write the pid file/);
    }
    equal(statSync(precious).size, 100);
  });
  it("has a lock that holds without it", async () => {
    await takeLock(path);
    await rejects(takeLock(path), /already running/);
    await takeLock(`${path}.other`);
  });
});

describe("the executable's own code", () => {
  it("is what is mapped of it and never written", () => {
    const maps = `00200000-03000000 r--p 00000000 08:01 42   /opt/diamond agent
03000000-05000000 r-xp 02e00000 08:01 42   /opt/diamond agent
05000000-05100000 rw-p 04e00000 08:01 42   /opt/diamond agent
05100000-05200000 r--p 04f00000 08:01 42   /opt/diamond agent
7f0000000000-7f0000200000 r-xp 00000000 08:01 43   /lib/libc.so.6
7f0000400000-7f0000600000 rwxp 00000000 00:00 0`;
    deepEqual(codeRanges(maps, "/opt/diamond agent"), [
      [0x200000n, 0x3000000n],
      [0x3000000n, 0x5000000n],
    ]);
  });

  it("has its sections where the file says", () => {
    if (process.platform !== "linux") return;
    const program = process.execPath;
    const maps = readFileSync("/proc/self/maps", "latin1");
    const [from, to] = placeOf(".text", program, maps)!;
    const inside = codeRanges(maps, program).some(([first, last]) => first <= from && to <= last);
    ok(inside && to - from > 1_000_000n && from % 4096n === 0n && to % 4096n === 0n);
    equal(placeOf(".nothing", program, maps), null);
  });
});

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

describe("GraphiteHandler", () => {
  const host = createHost({ procfs: "", sysfs: "", rootfs: "" });
  const fallbacks = defaultsOf({ ...deliveryOptions, ...graphite.options });
  const open = (options: object) =>
    graphite.open({
      host,
      log: silentLog,
      options: { ...fallbacks, host: "127.0.0.1", ...options } as Parameters<
        typeof graphite.open
      >[0]["options"],
    });
  const soon = () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("too late")), 2000).unref?.();
    return stop.signal;
  };

  async function listener(
    onSocket: (socket: Socket) => void,
    address = "127.0.0.1",
  ): Promise<{ server: Server; port: number }> {
    const server = createServer(onSocket);
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return { server, port: (server.address() as { port: number }).port };
  }

  it("sends lines, and connects anew when the peer has gone", async () => {
    let text = "";
    const sockets: Socket[] = [];
    const { server, port } = await listener((socket) => {
      sockets.push(socket);
      socket.on("data", (chunk) => (text += chunk));
    });
    const sink = open({ port });
    await sink.write(metrics(2), soon());
    await until("the lines arrive", () => text === "m0 0 1000\nm1 1 1000\n");
    sockets[0].end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    text = "";
    await sink.write(metrics(1), soon());
    await until(
      "the line arrives over a second connection",
      () => text === "m0 0 1000\n" && sockets.length === 2,
    );
    await sink[Symbol.asyncDispose]();
    await until("the connection is closed", () => sockets[1].readableEnded || sockets[1].destroyed);
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });

  for (
    const [proto, address] of [["tcp4", "127.0.0.1"], ["tcp6", "::1"], [
      "tcp",
      "localhost",
    ]] as const
  ) {
    it(`${proto} to ${address}`, async () => {
      let text = "";
      const { server, port } = await listener(
        (socket) => socket.on("data", (chunk) => (text += chunk)),
        proto === "tcp6" ? "::1" : "127.0.0.1",
      );
      const sink = open({ port, proto, host: address, keepalive: true });
      await sink.write(metrics(1), soon());
      await until("the line arrives", () => text === "m0 0 1000\n");
      await sink[Symbol.asyncDispose]();
      server.close();
    });
  }

  it("says who refuses", async () => {
    const { server, port } = await listener(() => {});
    await new Promise((resolve) => server.close(resolve));
    await rejects(
      async () => open({ port }).write(metrics(1), soon()),
      new RegExp(`cannot connect to 127.0.0.1:${port}`),
    );
  });

  it("gives up at the signal on a peer that never reads", async () => {
    const sockets: Socket[] = [];
    const { server, port } = await listener((socket) => {
      sockets.push(socket);
      socket.pause();
    });
    const sink = open({ port });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    await rejects(
      (async () => {
        for (let write = 0; write < 2000; write++) await sink.write(metrics(2000), stop.signal);
      })(),
      /does not read|in time/,
    );
    await sink[Symbol.asyncDispose]();
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });

  it("spreads over a balancer with reconnect_interval", async () => {
    let connections = 0;
    const { server, port } = await listener((socket) => {
      connections++;
      socket.resume();
    });
    const sink = open({ port, reconnect_interval: 0.05 });
    for (let write = 0; write < 3; write++) {
      await sink.write(metrics(1), soon());
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    await until("each write has its connection", () => connections === 3);
    await sink[Symbol.asyncDispose]();
    server.close();
  });

  for (const proto of ["udp", "udp4", "udp6"]) {
    it(`${proto}: whole lines in datagrams of at most 1400 bytes`, async () => {
      const socket = createSocket(proto === "udp6" ? "udp6" : "udp4");
      const address = proto === "udp6" ? "::1" : "127.0.0.1";
      await new Promise<void>((resolve) => socket.bind(0, address, resolve));
      const got: string[] = [];
      socket.on("message", (message) => got.push(message.toString()));
      const sink = open({ host: address, port: socket.address().port, proto });
      await sink.write(metrics(300), soon());
      await until("all arrive", () => got.join("").split("\n").length === 301);
      ok(
        got.every((datagram) => datagram.length <= 1400 && datagram.endsWith("\n")) &&
          got.length > 2,
      );
      await sink[Symbol.asyncDispose]();
      socket.close();
    });
  }
});

describe("real time", () => {
  it("gives everything that is due its turn, however often somebody sleeps for nothing", async () => {
    let late = false;
    let came = false;
    setTimeout(() => late = true, 5);
    const server = createServer((socket) => void (came = true, socket.destroy()));
    server.listen(0, "127.0.0.1", () => {
      connect((server.address() as AddressInfo).port, "127.0.0.1").on("error", () => {});
    });
    const until = performance.now() + 5000;
    while (!(late && came) && performance.now() < until) await realClock.sleep(0);
    server.close();
    deepEqual([late, came], [true, true]);
  });

  it("does not sleep for nothing where that is aborted", async () => {
    const abort = new AbortController();
    const sleeping = realClock.sleep(0, abort.signal);
    abort.abort();
    await sleeping;
    await realClock.sleep(60_000, abort.signal);
  });
});

describe("a server of lines", () => {
  const path = join(tmpdir(), `lines-${process.pid}.sock`);

  /** What comes back for what is said; the peer reads only after a while. */
  function ask(said: string, ends: boolean, pauseMs = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true });
      let text = "";
      socket.pause();
      setTimeout(() => socket.resume(), pauseMs);
      socket.on("connect", () => ends ? socket.end(said) : socket.write(said));
      socket.on("data", (chunk) => void (text += chunk));
      socket.on("end", () => (socket.destroy(), resolve(text)));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
  }

  it("answers one line, all of it, and lets go who asks nothing", async () => {
    const asked: string[] = [];
    const close = await serveLines(path, async (line) => {
      asked.push(line);
      await Promise.resolve();
      return line === "much" ? "ä".repeat(1_000_000) : `<${line}>`;
    });
    try {
      equal(await ask("a\n", false), "<a>\n");
      equal(await ask("ä\nmore\n", true), "<ä>\n");
      equal(await ask("much\n", false, 100), `${"ä".repeat(1_000_000)}\n`);
      equal(await ask("much\n", true, 50), `${"ä".repeat(1_000_000)}\n`);
      equal(await ask("no line", true), "");
      equal(await ask("", true), "");
      equal(await ask("x".repeat(70_000), false).catch(() => ""), "");
      deepEqual(asked, ["a", "ä", "much", "much"]);
    } finally {
      close();
      rmSync(path, { force: true });
    }
    await rejects(ask("a\n", false));
    await rejects(async () =>
      await serveLines("/nowhere/at/all/lines.sock", () => Promise.resolve(""))
    );
  });
});

describe("a limiter", () => {
  it("does so much at the same time, in order, and lets those go that have no time left", async () => {
    const limited = createLimiter(2);
    const never = new AbortController().signal;
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const work = (id: number) => () => {
      started.push(id);
      return new Promise<number>((resolve) => ends.push(() => resolve(id)));
    };
    const late = new AbortController();
    const all = [1, 2].map((id) => limited(never, work(id)));
    const third = limited(late.signal, () => Promise.reject(new Error("aborted")));
    const fourth = limited(never, work(4));
    await Promise.resolve();
    deepEqual(started, [1, 2]);
    late.abort();
    await rejects(third, /aborted/);
    ends[0]();
    ends[1]();
    deepEqual(await Promise.all(all), [1, 2]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    deepEqual(started, [1, 2, 4]);
    ends[2]();
    equal(await fourth, 4);
  });
});

describe("what a peer has not acknowledged", () => {
  it("is known, and a table that is dear not read all the time", async () => {
    const silent = createServer((socket) => void socket.on("error", () => {}).pause());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const never = new AbortController().signal;
    const { port } = silent.address() as { port: number };
    const { connect } = createHost({ procfs: "", sysfs: "", rootfs: "" }).net;
    const connection = await connect({ host: "127.0.0.1", port }, never);
    const stuck = new AbortController();
    const writing = (async () => {
      for (;;) await connection.write(new Uint8Array(1_000_000), stuck.signal);
    })();
    const looks: (number | undefined)[] = [];
    for (let turn = 0; turn < 100 && !looks.some((bytes) => bytes); turn++) {
      looks.push(connection.unacknowledged(), connection.unacknowledged());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    ok(looks.some((bytes) => bytes !== undefined && bytes > 100_000), looks.join());
    // Bun asks the kernel, which costs nothing.
    const isAsked = process.versions.bun !== undefined && process.platform === "linux";
    equal(looks.includes(undefined), !isAsked, "two looks in a row are one");
    stuck.abort();
    await rejects(writing, /does not read/);
    connection.destroy();
    silent.close();
  });
});
