/** What the executable says of this very machine, against tools that others wrote. */

import { equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import {
  executable,
  lineServer,
  noExecutable,
  start,
  temporary,
} from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);
const has = (program: string) =>
  ["/bin", "/usr/bin", "/sbin", "/usr/sbin"].some((directory) =>
    existsSync(`${directory}/${program}`)
  );
const missing = (...programs: string[]) => {
  const absent = programs.filter((program) => !has(program));
  return noExecutable || (absent.length > 0 ? `${absent.join(", ")} is not installed` : false);
};

const run = (program: string, ...args: string[]) =>
  spawnSync(program, args, { encoding: "utf8", env: { PATH: process.env.PATH, LANG: "C" } }).stdout;

function collect(name: string, ...more: string[]): Map<string, number> {
  return lastRound(
    spawnSync(executable, ["collect", name, ...more], { encoding: "utf8", env: {} }).stdout,
  );
}

/** While this process goes on. */
async function collectMeanwhile(name: string, ...more: string[]): Promise<Map<string, number>> {
  const running = start(["collect", name, ...more]);
  await new Promise((resolve) => running.child.on("close", resolve));
  return lastRound(running.output());
}

/** Name behind the collector → value. */
function lastRound(stdout: string): Map<string, number> {
  const rounds = stdout.split(/# round \d+ done\n/);
  const lines = (rounds.at(-2) ?? "").trim().split("\n").map((line) => line.split(" "));
  return new Map(lines.map(([path, value]) => [path.split(".").slice(3).join("."), Number(value)]));
}

/** Equal within a part of the larger one, or a small absolute difference: the machine does not stand still. */
function near(actual: number | undefined, expected: number, part: number, slack = 0): void {
  ok(
    actual !== undefined &&
      Math.abs(actual - expected) <= Math.max(actual, expected) * part + slack,
    `${actual} is not near ${expected}`,
  );
}

describeWith("against free", missing("free"), () => {
  it("memory within 1 %", () => {
    const memory = collect("MemoryCollector");
    const [, total, , free, shared, cache, available] =
      /^Mem:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/m.exec(run("free", "-b"))!.map(Number);
    equal(memory.get("MemTotal"), total);
    near(memory.get("MemFree"), free, 0.01);
    near(memory.get("MemAvailable"), available, 0.01);
    near(memory.get("Shmem"), shared, 0.01, 1 << 20);
    ok(memory.get("Cached")! + memory.get("Buffers")! <= cache * 1.01);
    near(memory.get("MemUsedPercentage"), 100 * (1 - available / total), 0, 1);
  });
});

describeWith("against df", missing("df"), () => {
  it("space and inodes of / are the same", () => {
    // Another process may write between the two: one of three looks must agree to the byte.
    const agrees = Array.from({ length: 3 }, () => {
      const space = collect("DiskSpaceCollector");
      const [, size, used, available] = run("df", "-B1", "--output=source,size,used,avail", "/")
        .trim().split("\n")[1].split(/\s+/).map(Number);
      const [inodesUsed, inodesFree] = run("df", "--output=iused,iavail", "/").trim()
        .split("\n")[1].split(/\s+/).map(Number);
      return [
        space.get("root.byte_used")! + space.get("root.byte_free")! === size,
        space.get("root.byte_used") === used,
        space.get("root.byte_avail") === available,
        space.get("root.inodes_used") === inodesUsed &&
        space.get("root.inodes_free") === inodesFree,
      ].every(Boolean);
    });
    ok(agrees.includes(true));
  });
});

describeWith("against ip", missing("ip"), () => {
  it("traffic of an interface is what its counters grew by", async () => {
    const conf = join(directory, "network.conf");
    writeFileSync(conf, "[server]\n[collectors]\n[[NetworkCollector]]\ninterfaces = lo,\n");
    const read = () =>
      JSON.parse(run("ip", "-s", "-j", "link", "show", "lo"))[0].stats64.rx.bytes as number;
    const [before, started] = [read(), performance.now()];
    // Steady traffic, so that a second more or less at the ends does not matter.
    const server = await lineServer();
    const socket = connect(server.port, "127.0.0.1");
    const timer = setInterval(() => socket.write("x".repeat(20_000)), 10);
    const rates = await collectMeanwhile(
      "NetworkCollector",
      "-c",
      conf,
      "--rounds",
      "2",
      "--round-interval-ms",
      "3000",
    );
    clearInterval(timer);
    const perSecond = (read() - before) / ((performance.now() - started) / 1000);
    socket.destroy();
    await server.close();
    near(rates.get("lo.rx_byte"), perSecond, 0.15);
    near(rates.get("lo.rx_bit"), rates.get("lo.rx_byte")! * 8, 0, 8);
  });
});

describeWith("against /proc/vmstat", missing(), () => {
  it("rates are what the counters grew by", () => {
    const read = () => Number(/^pgfault (\d+)$/m.exec(readFileSync("/proc/vmstat", "utf8"))![1]);
    const [before, started] = [read(), performance.now()];
    const rates = collect("VMStatCollector", "--rounds", "2", "--round-interval-ms", "2000");
    const perSecond = (read() - before) / ((performance.now() - started) / 1000);
    // The tool's own start and end are in the one and not in the other.
    ok(
      rates.get("pgfault")! > 0 && rates.get("pgfault")! <= perSecond * 3 + 1000,
      `${rates.get("pgfault")} and ${perSecond}`,
    );
  });
});

describeWith("against ss", missing("ss"), () => {
  it("sockets", () => {
    const sockets = collect("SockstatCollector");
    const summary = run("ss", "-s");
    near(sockets.get("used"), Number(/^Total: (\d+)/m.exec(summary)![1]), 0.2, 10);
    near(sockets.get("tcp_tw"), Number(/timewait (\d+)/.exec(summary)![1]), 0.2, 10);
    near(
      collect("NetstatCollector").get("LISTEN"),
      run("ss", "-4ltnH").trim().split("\n").filter((line) => line !== "").length,
      0,
      2,
    );
  });
});

describeWith("against uptime", missing("uptime"), () => {
  it("time since the start, and load", () => {
    const since = Date.parse(`${run("uptime", "-s").trim().replace(" ", "T")}`);
    near(collect("UptimeCollector").get("minutes"), (Date.now() - since) / 60_000, 0, 1.5);
    const [one, five, fifteen] = /load average: ([\d.]+), ([\d.]+), ([\d.]+)/.exec(run("uptime"))!
      .slice(1).map(Number);
    const load = collect("LoadAverageCollector");
    near(load.get("01"), one, 0.1, 0.2);
    near(load.get("05"), five, 0.1, 0.1);
    near(load.get("15"), fifteen, 0.1, 0.1);
  });
});

describeWith("against ps", missing("ps"), () => {
  it("threads", () => {
    near(
      collect("LoadAverageCollector").get("processes_total"),
      Number(run("ps", "-eLf").trim().split("\n").length) - 1,
      0.1,
      15,
    );
  });
});

describeWith("against vmstat", missing("vmstat"), () => {
  it("processor time, and the time of the start", () => {
    const conf = join(directory, "cpu.conf");
    writeFileSync(conf, "[server]\n[collectors]\n[[CPUCollector]]\nderivative = False\n");
    const cpu = collect("CPUCollector", "-c", conf);
    const tool = (label: string) =>
      Number(new RegExp(`^\\s*(\\d+) ${label}$`, "m").exec(run("vmstat", "-s"))![1]);
    near(cpu.get("total.user"), tool("non-nice user cpu ticks"), 0.01, 20);
    near(cpu.get("total.idle"), tool("idle cpu ticks"), 0.01, 20);
    near(collect("ProcessStatCollector").get("btime"), tool("boot time"), 0, 1);
  });
});

describeWith("against ps, process by process", missing("ps"), () => {
  it("memory, threads and number of a group of processes", () => {
    const conf = join(directory, "processes.conf");
    const sleeper = start(["61"], { program: "/bin/sleep" });
    try {
      writeFileSync(
        conf,
        `[server]\n[collectors]\n[[ProcessResourcesCollector]]\n[[[process]]]\n[[[[sleeper]]]]\ncmdline = ^/bin/sleep 61$\ncount_workers = True\n`,
      );
      const group = collect("ProcessResourcesCollector", "-c", conf);
      const all = run("ps", "-C", "sleep", "-o", "rss=,nlwp=,args=").trim().split("\n").filter((
        line,
      ) => line.endsWith("/bin/sleep 61"));
      equal(group.get("sleeper.workers_count"), all.length);
      near(
        group.get("sleeper.memory_info_ex.rss"),
        all.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]) * 1024, 0),
        0.05,
        1 << 18,
      );
      equal(group.get("sleeper.num_threads"), all.length);
    } finally {
      sleeper.child.kill();
    }
  });
});

describeWith("against sysctl", missing("sysctl"), () => {
  it("open files, and tracked connections", () => {
    const values = (name: string) => run("sysctl", "-n", name).trim().split(/\s+/).map(Number);
    const [assigned, , max] = values("fs.file-nr");
    const files = collect("FilestatCollector");
    near(files.get("assigned"), assigned, 0.3, 200);
    near(files.get("max"), max, 1e-9);
    if (existsSync("/proc/sys/net/netfilter/nf_conntrack_max")) {
      equal(
        collect("ConnTrackCollector").get("ip_conntrack_max"),
        values("net.netfilter.nf_conntrack_max")[0],
      );
    }
  });
});
