/** The benchmarks that run one program after the other: throughput by kind, and load by size. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { tunedEnvironment } from "../../src/platform/memory/reexec.ts";
import { sleep } from "./processes.ts";
import { startSink } from "./sink.ts";

const here = import.meta.dirname!;
const FIRST_PORT = 22_200;

function measured<T>(script: string, args: readonly string[], before: readonly string[] = []): T {
  const [program, ...rest] = [...before, process.execPath, join(here, script), ...args];
  const { stdout, stderr } = spawnSync(program, rest, {
    encoding: "utf8",
    env: tunedEnvironment(process.env),
  });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`${script} ${args.join(" ")}: ${stderr}${stdout}`);
  }
}

/** A table. */
export async function throughput(parent: string): Promise<string> {
  const folder = join(parent, "throughput");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const sink = await startSink(folder, FIRST_PORT);
  const httpPort = String(FIRST_PORT + 1);
  const receiver = spawn(
    process.execPath,
    [join(here, "throughput.ts"), "receiver", httpPort, ""],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(receiver.stdout!, "data");
  const lines = ["| a million points | points/s | peak RSS, MB |", "| --- | --- | --- |"];
  try {
    for (const kind of ["formatted", "plain", "pickle", "archive", "http", "spool"]) {
      const port = kind === "http" ? httpPort : String(sink.port);
      const { perSecond, peak } = measured<{ perSecond: number; peak: number }>(
        "throughput.ts",
        [kind, port, folder],
      );
      lines.push(`| ${kind} | ${perSecond.toLocaleString("en")} | ${peak.toFixed(0)} |`);
    }
  } finally {
    sink.end();
    receiver.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
  return lines.join("\n");
}

const SIZES: Readonly<Record<string, readonly number[]>> = {
  interfaces: [1, 250, 500, 1000],
  disks: [1, 500, 1000, 2000],
  processors: [1, 64, 128, 256],
  processes: [500, 1000, 2000, 5000],
};

/** A table. */
export async function load(parent: string): Promise<string> {
  const folder = join(parent, "load");
  mkdirSync(folder, { recursive: true });
  const lines = [
    "| what | how many | points | ms a run | µs each |",
    "| --- | --- | --- | --- | --- |",
  ];
  for (const [kind, sizes] of Object.entries(SIZES)) {
    for (const size of sizes) {
      const crowd = kind === "processes" ? await startCrowd(size) : undefined;
      // The interfaces go with their namespace.
      const before = kind === "interfaces"
        ? ["unshare", "--net", "--", "/bin/sh", "-c", MAKE_INTERFACES, String(size)]
        : [];
      const { points, milliseconds } = measured<{ points: number; milliseconds: number }>(
        "load.ts",
        [kind, String(size), folder],
        before,
      );
      crowd?.();
      const each = ((milliseconds * 1000) / size).toFixed(1);
      lines.push(`| ${kind} | ${size} | ${points} | ${milliseconds.toFixed(2)} | ${each} |`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return lines.join("\n");
}

/** The collector looks at younger processes each time; no host has thousands of those. */
const CROWD_AGE_MS = 11_000;

/** `$0` is how many; the rest is what runs among them. */
const MAKE_INTERFACES = `
kind=bridge
ip link add probe type dummy 2> /dev/null && kind=dummy && ip link delete probe
seq 1 "$0" | sed "s/.*/link add eth& type $kind/" | ip -batch - && exec "$@"
`;

/** Returns what ends them. */
async function startCrowd(size: number): Promise<() => void> {
  const child = spawn("/bin/sh", [
    "-c",
    'at=0; while [ $at -lt "$0" ]; do sleep 600 & at=$((at + 1)); done; echo ready; wait',
    String(size),
  ], { stdio: ["ignore", "pipe", "inherit"], detached: true });
  await once(child.stdout!, "data");
  await sleep(CROWD_AGE_MS);
  // The shell is the leader of their group.
  return () => void process.kill(-child.pid!, "SIGKILL");
}
