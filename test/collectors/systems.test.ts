/** Systems that are not Linux: what their code does with what the system tells, on a recorded host. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { singleRunner, unsupported } from "../../src/agent/parts.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings } from "../../src/config/resolve.ts";
import { systemsOf } from "../../src/core/collector.ts";
import type { HostFs } from "../../src/ports/fs.ts";
import type { Host, System } from "../../src/ports/host.ts";
import { silentLog } from "../../src/ports/log.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import { temporary } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);

const volume = {
  blockSize: 4096,
  blocks: 1000,
  blocksFree: 400,
  blocksAvailable: 300,
  files: 100,
  filesFree: 40,
};
const catalogue = { collectors, handlers };

function hostOf(system: System): Host {
  const folder = join(directory, system);
  mkdirSync(join(folder, "0s/Volumes/Data"), { recursive: true });
  const paths = { darwin: ["/", "/Volumes/Data"], freebsd: ["/"], windows: ["C:\\"], linux: [] };
  writeFileSync(
    join(folder, "0s/statvfs.json"),
    JSON.stringify(Object.fromEntries(paths[system].map((path) => [path, volume]))),
  );
  const host = recordedHost(folder);
  // Processor times that move on, as they do.
  let idle = 90_000;
  return {
    ...host,
    system,
    cpus: 1,
    fs: system === "windows" ? withDriveC(host.fs) : host.fs,
    figures: {
      ...host.figures,
      cpuTimes: () => [{ user: 10_500, nice: 0, system: 5000, idle: idle += 1000, irq: 0 }],
    },
  };
}

/** No file is called `C:\\` here. */
function withDriveC(fs: HostFs): HostFs {
  const exists = (path: string) => path === "C:\\";
  return new Proxy(fs, {
    get: (target, name) => (name === "exists" ? exists : target[name as keyof HostFs]),
  });
}

async function published(system: System, name: string): Promise<string[]> {
  const host = hostOf(system);
  const [part] = (await emptySettings({ catalogue, only: [name] })).collectors;
  const runner = await singleRunner(part, host, silentLog);
  await runner.run(0);
  await host.clock.sleep(1000);
  const { metrics, error } = await runner.run(1);
  equal(error, undefined);
  return metrics.map(({ series, value }) => `${series.name} ${value}`);
}

describe("systems that are not Linux", () => {
  const disk = (name: string) => [`${name}.byte_used`, `${name}.byte_free`, `${name}.byte_avail`];
  const expected: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
    darwin: {
      LoadAverageCollector: ["01", "05", "15"],
      MemoryCollector: ["MemTotal", "MemFree"],
      CPUCollector: ["total.user", "total.idle"],
      UptimeCollector: ["minutes"],
      DiskSpaceCollector: [...disk("root"), ...disk("_Volumes_Data")],
    },
    freebsd: {
      LoadAverageCollector: ["01", "05", "15"],
      MemoryCollector: ["MemTotal", "MemFree"],
      CPUCollector: ["total.user", "total.idle"],
      UptimeCollector: ["minutes"],
      DiskSpaceCollector: disk("root"),
    },
    windows: {
      MemoryCollector: ["MemTotal", "MemFree"],
      CPUCollector: ["total.user", "total.idle"],
      UptimeCollector: ["minutes"],
      DiskSpaceCollector: disk("C:"),
    },
  };
  for (const [system, all] of Object.entries(expected)) {
    for (const [name, wanted] of Object.entries(all)) {
      it(`${system}: ${name}`, async () => {
        const lines = await published(system as System, name);
        for (const part of wanted) {
          ok(lines.some((line) => line.startsWith(`${part} `)), `${part} is not in ${lines}`);
        }
      });
    }

    it(`${system}: the others say that they are for other systems`, async () => {
      const names: string[] = [];
      for (const [name, load] of Object.entries(collectors)) {
        const collector = (await load()).default;
        if (systemsOf(collector).includes(system as System)) continue;
        names.push(name);
        const [part] = (await emptySettings({ catalogue, only: [name] })).collectors;
        match(unsupported(part, hostOf(system as System))!, new RegExp(`${name}.*${system}`));
      }
      ok(names.includes("VMStatCollector"));
      deepEqual(names.filter((name) => name in all), []);
    });
  }
});
