/** A real carbon-cache of Debian's graphite-carbon, on free ports, with its files in a folder of the test. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endWithTests, freePort, until } from "./agent_process.ts";

const PROGRAM = "/usr/bin/carbon-cache";

/** Said by tests that need it: `test/services/install` installs it. */
export const noCarbon = existsSync(PROGRAM) && existsSync("/usr/bin/whisper-fetch")
  ? false
  : "graphite-carbon is not installed";

export interface Carbon {
  readonly port: number;
  readonly picklePort: number;
  /** Timestamp → value of all that is stored of a path in that range; undefined where there is no such file. */
  stored(path: string, from: number, to: number): Map<number, number> | undefined;
  /** The same of all that is stored, by path. */
  everything(from: number, to: number): Map<string, Map<number, number>>;
  /** TERM lets it write what it has; it is killed when that takes too long. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Where it listens, for one that is started again. */
export interface CarbonPorts {
  readonly line: number;
  readonly pickle: number;
  readonly query: number;
}

export async function carbonPorts(): Promise<CarbonPorts> {
  return { line: await freePort(), pickle: await freePort(), query: await freePort() };
}

/** One process for all files: whisper-fetch would take one for each. */
const READ_ALL = `
import json, os, sys, whisper
root, start, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
found = {}
for folder, _, files in os.walk(root):
    for name in files:
        path = os.path.relpath(os.path.join(folder, name), root)[:-4].replace("/", ".")
        (first, _, step), values = whisper.fetch(os.path.join(folder, name), start, end)
        found[path] = [[first + i * step, v] for i, v in enumerate(values) if v is not None]
print(json.dumps(found))
`;

/** `ignore`: a regular expression of paths that carbon does not keep. Retention: one second for an hour. */
export async function startCarbon(
  directory: string,
  ignore = "^$",
  ports?: CarbonPorts,
): Promise<Carbon> {
  const folder = (name: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    return join(directory, name);
  };
  const conf = folder("conf");
  const { line, pickle, query } = ports ?? await carbonPorts();
  writeFileSync(
    join(conf, "carbon.conf"),
    `[cache]
USER =
STORAGE_DIR = ${folder("storage")}/
CONF_DIR = ${conf}/
LOG_DIR = ${folder("log")}/
PID_DIR = ${folder("run")}/
LOCAL_DATA_DIR = ${folder("whisper")}/
ENABLE_LOGROTATION = False
MAX_CACHE_SIZE = inf
MAX_UPDATES_PER_SECOND = 5000
MAX_CREATES_PER_MINUTE = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = ${line}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = ${pickle}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = ${query}
ENABLE_UDP_LISTENER = False
USE_WHITELIST = True
CARBON_METRIC_INTERVAL = 0
`,
  );
  writeFileSync(join(conf, "storage-schemas.conf"), "[all]\npattern = .*\nretentions = 1s:1h\n");
  writeFileSync(join(conf, "blacklist.conf"), `${ignore}\n`);
  const child = spawn(PROGRAM, [
    `--config=${join(conf, "carbon.conf")}`,
    `--pidfile=${join(directory, "carbon.pid")}`,
    "--nodaemon",
    "start",
  ], {
    stdio: "ignore",
  });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await until("carbon listens", () => listens(line), 30);
  return {
    port: line,
    picklePort: pickle,
    stored(path, from, to) {
      const file = join(directory, "whisper", `${path.replaceAll(".", "/")}.wsp`);
      if (!existsSync(file)) return undefined;
      const { stdout } = spawnSync("whisper-fetch", [
        "--json",
        `--from=${from}`,
        `--until=${to}`,
        file,
      ], { encoding: "utf8" });
      const { start, step, values } = JSON.parse(stdout) as {
        start: number;
        step: number;
        values: (number | null)[];
      };
      const found = values.map((value, index) => [start + index * step, value] as const).filter((
        entry,
      ) => entry[1] !== null);
      return new Map(found as [number, number][]);
    },
    everything(from, to) {
      const { stdout } = spawnSync("/usr/bin/python3", [
        "-c",
        READ_ALL,
        join(directory, "whisper"),
        String(from),
        String(to),
      ], {
        encoding: "utf8",
        maxBuffer: 1 << 28,
      });
      const found = JSON.parse(stdout) as Record<string, [number, number][]>;
      return new Map(Object.entries(found).map(([path, points]) => [path, new Map(points)]));
    },
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Asks the kernel, not carbon: it would count a connection. */
function listens(port: number): boolean {
  return spawnSync("ss", ["-ltnH", `sport = :${port}`], { encoding: "utf8" }).stdout.includes(
    "LISTEN",
  );
}
