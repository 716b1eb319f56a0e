/**
 * A host that is a directory, as `recording_host.ts` writes one: `0s/proc/…` is what is there at first,
 * `10s/…` ten seconds later. Beside the files a round may have `statvfs.json` (mount point → numbers), `trees.json`
 * (folder → what is in it), `commands.json` (command line → output) and `asked.json` (questions to others, and their answers).
 */

import { configError, noData, timedOut } from "../core/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Exec, ExecResult } from "../ports/exec.ts";
import type { HostFs } from "../ports/fs.ts";
import type { RecordedHost } from "../ports/host.ts";
import type { Probe, StatVfs, Tree } from "../ports/probe.ts";
import { processorsIn } from "../formats/processor_list.ts";
import { realCodecs } from "./net/remote_write.ts";
import { realCredentials } from "./net/credentials.ts";
import { RecordedRounds } from "./recorded_rounds.ts";
import { replayingPorts } from "./tape/replaying.ts";

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
  const rounds = new RecordedRounds(directory, wrap);
  return {
    rounds: rounds.all,
    at: (seconds) => void (rounds.ms = seconds * 1000),
    system: "linux",
    get cpus() {
      const online = rounds.fs.tryRead("/sys/devices/system/cpu/online")?.word();
      return processorsIn(online ?? "") ?? 1;
    },
    fs: new Proxy({} as HostFs, { get: (_, name) => rounds.fs[name as keyof HostFs] }),
    ...replayingPorts(() => rounds.tape),
    mysql: { connect: () => Promise.reject(noData("there is no database in this directory")) },
    codecs: realCodecs,
    credentials: realCredentials,
    brokers: { mqtt: noBroker, amqp: noBroker, nats: noBroker, kafka: noBroker },
    histories: {
      open: () => Promise.reject(configError("there is no history in this directory")),
      current: () => undefined,
      opened: () => Promise.resolve(),
    },
    exec: recordedExec(rounds),
    probe: recordedProbe(rounds),
    clock: recordedClock(rounds),
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
      cpu: () => rounds.ms * 10,
      reclaim() {},
      dropCompiledCode() {},
    },
  };
}

function recordedExec(rounds: RecordedRounds): Exec {
  return {
    run(argv) {
      const answer = rounds.json<Partial<ExecResult>>("commands.json")[argv.join(" ")];
      if (answer === undefined) return Promise.reject(noData(`cannot run ${argv[0]}`));
      return Promise.resolve({ stdout: "", stderr: "", code: 0, ...answer });
    },
    start: nothingRuns,
    converse: nothingRuns,
    find(program) {
      const lines = Object.keys(rounds.json("commands.json"));
      return lines.some((line) => line.startsWith(program)) ? program : undefined;
    },
  };
}

function recordedProbe(rounds: RecordedRounds): Probe {
  /** null: one that hangs. */
  function answer<T>(file: string, path: string, absent: string): Promise<T> {
    const found = rounds.json<T | null>(file)[path];
    if (found === null) return Promise.reject(timedOut(`${path} did not answer in time`));
    return found === undefined ? Promise.reject(noData(absent)) : Promise.resolve(found);
  }
  return {
    statvfs: (path) => answer<StatVfs>("statvfs.json", path, `there is no ${path}`),
    device(path) {
      const index = Object.keys(rounds.json("statvfs.json")).indexOf(path);
      return Promise.resolve(index < 0 ? undefined : index);
    },
    tree: (path) =>
      answer<Tree>("trees.json", path, `cannot ask ${path}: no such file or directory`),
    read: (path) => Promise.try(() => rounds.fs.read(path).text()),
    list: (path) => Promise.try(() => rounds.fs.list(path)),
  };
}

function recordedClock(rounds: RecordedRounds): Clock {
  return {
    now: () => START_MS + rounds.ms,
    monotonic: () => rounds.ms,
    sleep(duration, signal) {
      // Short ones are the collector's, and pass at once; a deadline never comes.
      if (duration >= DEADLINE_MS) {
        return new Promise((resolve) =>
          signal?.addEventListener("abort", () => resolve(), { once: true })
        );
      }
      rounds.ms += duration;
      return Promise.resolve();
    },
    after: () => () => {},
  };
}
