/**
 * Records a fixture from this machine: every file that a collector reads, twice, some seconds apart.
 *
 *     bun test/record.ts MemoryCollector vm [SECONDS] [FILE of options]
 *
 * Then `UPDATE=1 bun test test/collectors` writes its golden file: the diff is the review.
 */

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { singleCollection } from "../src/agent/agent.ts";
import { collectors } from "../src/collectors/registry.ts";
import { emptySettings, resolveSettings } from "../src/config/resolve.ts";
import type { Host, HostFs } from "../src/core/host.ts";
import { handlers } from "../src/handlers/registry.ts";
import { configFiles } from "../src/platform/config_files.ts";
import { createHost } from "../src/platform/host.ts";
import { silentLog } from "./harness/recorded_log.ts";

const [name, label = "vm", seconds = "10", optionsFile] = process.argv.slice(2);
const catalogue = { collectors, handlers };
const settings = optionsFile === undefined
  ? await emptySettings({ catalogue, only: [name] })
  : await resolveSettings({ path: optionsFile, files: configFiles, catalogue, only: [name] });
const part = settings.collectors[0];
const directory = join(
  import.meta.dirname!,
  "collectors",
  part.collector.path === "." ? "userscripts" : part.collector.path,
  label,
);

let round = "0s";
const real = createHost({ procfs: "", sysfs: "", rootfs: "" });
const statvfs: Record<string, unknown> = {};
const host: Host = {
  ...real,
  get cpus() {
    // Asks the file, so that it is recorded.
    recording(real.fs).tryRead("/sys/devices/system/cpu/online");
    return real.cpus;
  },
  fs: recording(real.fs),
  probe: {
    ...real.probe,
    async statvfs(path, kind, signal) {
      return statvfs[path] = await real.probe.statvfs(path, kind, signal);
    },
  },
};
const collection = await singleCollection(part, host, silentLog);
for (round of ["0s", `${seconds}s`]) {
  if (round !== "0s") await real.clock.sleep(Number(seconds) * 1000);
  const { metrics, error } = await collection.run(0);
  if (Object.keys(statvfs).length > 0) {
    writeFileSync(join(directory, round, "statvfs.json"), `${JSON.stringify(statvfs, null, 1)}\n`);
  }
  console.log(`${round}: ${metrics.length} metrics ${error ?? ""}`);
}
if (optionsFile !== undefined) copyFileSync(optionsFile, join(directory, "options.conf"));

function recording(fs: HostFs): HostFs {
  const save = (path: string, bytes: Uint8Array) => {
    const file = join(directory, round, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  };
  const keep = <T>(path: string, read: () => T): T => {
    const answer = read();
    if (answer !== undefined) save(path, fs.readBytes(path));
    return answer;
  };
  return {
    ...fs,
    read: (path) => keep(path, () => fs.read(path)),
    tryRead: (path) => keep(path, () => fs.tryRead(path)),
    readBytes: (path) => keep(path, () => fs.readBytes(path)),
    list(path) {
      const names = fs.list(path);
      mkdirSync(join(directory, round, path), { recursive: true });
      return names;
    },
  };
}
