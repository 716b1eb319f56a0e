/** Round-robin databases as rrdtool reads them, and an rrdcached. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { endWithTests, until } from "./agent_process.ts";

const RRDTOOL = "/usr/bin/rrdtool";
const RRDCACHED = "/usr/bin/rrdcached";
export const noRrd = existsSync(RRDTOOL) && existsSync(RRDCACHED)
  ? false
  : "rrdtool and rrdcached are not installed";

/** The values of a database by their times, at its finest. */
export function fetched(file: string, start: number, end: number): Map<number, number> {
  const args = ["fetch", file, "AVERAGE", "-r", "1", "-s", `${start}`, "-e", `${end}`];
  const { stdout } = spawnSync(RRDTOOL, args, { encoding: "utf8" });
  const rows = [...stdout.matchAll(/^(\d+): (\S+)$/gm)];
  return new Map(
    rows.map(([, time, value]) => [Number(time), Number(value)] as const).filter(([, value]) =>
      !Number.isNaN(value)
    ),
  );
}

/** All databases below a folder. */
export function databases(base: string): string[] {
  return readdirSync(base, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".rrd")
  );
}

/** The same folder can be started again; what a killed one had taken is in its journal. */
export async function rrdcached(base: string) {
  const [data, journal] = [join(base, "data"), join(base, "journal")];
  for (const folder of [data, journal]) mkdirSync(folder, { recursive: true });
  const socket = join(base, "rrdcached.sock");
  const child = spawn(RRDCACHED, [
    ...["-g", "-l", `unix:${socket}`, "-b", data, "-B", "-R", "-j", journal, "-w", "60", "-F"],
    ...["-p", join(base, "pid")],
  ], { stdio: "ignore" });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  const ask = (command: string) =>
    spawnSync("nc", ["-UN", socket], { input: `${command}\n`, encoding: "utf8" }).stdout ?? "";
  await until("rrdcached answers", () => ask("QUEUE").startsWith("0"));
  return {
    socket,
    data,
    flush: () => void ask("FLUSHALL"),
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
    },
  };
}
