/**
 * A host that is a directory, as `recording_host.ts` writes one: `0s/proc/…` is what is there at first,
 * `10s/…` ten seconds later. Beside the files a round may have `statvfs.json` (mount point → numbers), `trees.json`
 * (folder → what is in it), `commands.json` (command line → output) and `asked.json` (questions to others, and their answers).
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configError, noData, timedOut } from "../core/errors.ts";
import type { ExecResult } from "../ports/exec.ts";
import type { HostFs } from "../ports/fs.ts";
import type { RecordedHost } from "../ports/host.ts";
import type { StatVfs, Tree } from "../ports/probe.ts";
import { processorsIn } from "../formats/processor_list.ts";
import { realCodecs } from "./net/remote_write.ts";
import { realCredentials } from "./net/credentials.ts";
import { createHostFs } from "./fs/files.ts";
import { replayingPorts } from "./tape/replaying.ts";
import { type Exchange, readTape } from "./tape/tape.ts";

const nothingRuns = (): never => {
  throw noData("nothing runs in a recording");
};
const noBroker = () => Promise.reject(noData("there is no broker in this directory"));
const DEADLINE_MS = 5000;
/** 2023-11-14 22:13:20 UTC. */
const START_MS = 1_700_000_000_000;

/** Throws `config` where there is no recording. */
export function recordedHost(
  directory: string,
  wrap: (fs: HostFs) => HostFs = (fs) => fs,
): RecordedHost {
  const rounds = roundsOf(directory);
  let ms = rounds[0] * 1000;
  const folder = () => join(directory, `${rounds.filter((second) => second * 1000 <= ms).at(-1)}s`);
  const files = new Map<string, HostFs>();
  const fs = (): HostFs => {
    const root = folder();
    if (!files.has(root)) {
      const real = createHostFs({ procfs: "", sysfs: "", rootfs: root });
      // A recording stays as it is.
      files.set(root, wrap({ ...real, remove() {} }));
    }
    return files.get(root)!;
  };
  const json = <T>(name: string): Record<string, T> => {
    const path = join(folder(), name);
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  };
  const tapes = new Map<string, readonly Exchange[]>();
  const tape = () => {
    const root = folder();
    if (!tapes.has(root)) tapes.set(root, readTape(root));
    return tapes.get(root)!;
  };
  const cpus = () =>
    processorsIn(fs().tryRead("/sys/devices/system/cpu/online")?.word() ?? "") ?? 1;

  return {
    rounds,
    at: (seconds) => void (ms = seconds * 1000),
    system: "linux",
    get cpus() {
      return cpus();
    },
    fs: new Proxy({} as HostFs, { get: (_, name) => fs()[name as keyof HostFs] }),
    ...replayingPorts(() => tape()),
    mysql: { connect: () => Promise.reject(noData("there is no database in this directory")) },
    codecs: realCodecs,
    credentials: realCredentials,
    brokers: { mqtt: noBroker, amqp: noBroker, nats: noBroker, kafka: noBroker },
    histories: {
      open: () => Promise.reject(configError("there is no history in this directory")),
      current: () => undefined,
    },
    exec: {
      run(argv) {
        const answer = json<Partial<ExecResult>>("commands.json")[argv.join(" ")];
        if (answer === undefined) return Promise.reject(noData(`cannot run ${argv[0]}`));
        return Promise.resolve({ stdout: "", stderr: "", code: 0, ...answer });
      },
      start: nothingRuns,
      converse: nothingRuns,
      find: (
        program,
      ) => (Object.keys(json("commands.json")).some((line) => line.startsWith(program))
        ? program
        : undefined),
    },
    probe: {
      statvfs(path) {
        // null: one that hangs.
        const answer = json<StatVfs | null>("statvfs.json")[path];
        if (answer === null) return Promise.reject(timedOut(`${path} did not answer in time`));
        return answer === undefined
          ? Promise.reject(noData(`there is no ${path}`))
          : Promise.resolve(answer);
      },
      device: (path) => {
        const index = Object.keys(json("statvfs.json")).indexOf(path);
        return Promise.resolve(index < 0 ? undefined : index);
      },
      tree(path) {
        const answer = json<Tree | null>("trees.json")[path];
        if (answer === null) return Promise.reject(timedOut(`${path} did not answer in time`));
        return answer === undefined
          ? Promise.reject(noData(`cannot ask ${path}: no such file or directory`))
          : Promise.resolve(answer);
      },
      read: (path) => Promise.try(() => fs().read(path).text()),
      list: (path) => Promise.try(() => fs().list(path)),
    },
    clock: {
      now: () => START_MS + ms,
      monotonic: () => ms,
      sleep(duration, signal) {
        // Short ones are the collector's, and pass at once; a deadline never comes.
        if (duration >= DEADLINE_MS) {
          return new Promise((resolve) =>
            signal?.addEventListener("abort", () => resolve(), { once: true })
          );
        }
        ms += duration;
        return Promise.resolve();
      },
      after: () => () => {},
    },
    names: { hostname: () => "testhost", fqdn: () => Promise.resolve("testhost.example.org") },
    figures: {
      loadAverages: () => [0.5, 0.25, 0.125],
      cpuTimes: () => [{ user: 10_500, nice: 0, system: 5000, idle: 90_000, irq: 0 }],
      memory: () => ({ total: 8_000_000, free: 2_000_000 }),
      uptime: () => 3600,
    },
    self: {
      pid: 4711,
      rss: () => 40_000_000,
      cpu: () => ms * 10,
      reclaim() {},
      dropCompiledCode() {},
    },
  };
}

function roundsOf(directory: string): number[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    throw configError(`cannot read the recording in "${directory}"`, error);
  }
  const rounds = names.filter((name) => /^\d+s$/.test(name)).map((name) => Number.parseInt(name));
  if (rounds.length === 0) {
    throw configError(`there is no recording in "${directory}": folders 0s, 10s and so on`);
  }
  return rounds.sort((a, b) => a - b);
}
