/** What nvidia-smi says where a GPU, the driver or a permission is missing. Source: nvidia-smi(1), return value. */

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import { runRecorded } from "../../src/cli/test.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings } from "../../src/config/resolve.ts";
import { codeOf, messageOf } from "../../src/core/errors.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import { temporary } from "../harness/agent_process.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: base, remove } = temporary();
after(remove);
let folders = 0;

const STATS = "index,memory.total,memory.used,memory.free,utilization.gpu,utilization.memory,temperature.gpu";
const COMMAND = `/usr/bin/nvidia-smi --query-gpu=${STATS} --format=csv,nounits,noheader`;
const HEALTHY = "0, 81559, 1204, 80355, 3, 11, 47";
const OF_HEALTHY = [
  ["gpu_0.memory.total", 81559],
  ["gpu_0.memory.used", 1204],
  ["gpu_0.memory.free", 80355],
  ["gpu_0.utilization.gpu", 3],
  ["gpu_0.utilization.memory", 11],
  ["gpu_0.temperature.gpu", 47],
];
const LOST = "Unable to determine the device handle for GPU 0000:02:00.0: GPU is lost.  Reboot the system to recover this GPU";

async function collect(stdout: string, code = 0, stderr = "") {
  const directory = join(base, `${++folders}`);
  mkdirSync(join(directory, "0s"), { recursive: true });
  writeFileSync(join(directory, "0s/commands.json"), JSON.stringify({ [COMMAND]: { stdout, stderr, code } }));
  const only = ["NvidiaGPUCollector"];
  const { collectors: [part] } = await emptySettings({ catalogue: { collectors, handlers }, only });
  const host = recordedHost(directory);
  const log = recordedLog();
  const { outcomes: [{ error, metrics }] } = await runRecorded(await singleRunner(part, host, log), host);
  return {
    values: metrics.map(({ series, value }) => [series.name, value]),
    logged: log.lines.join("\n"),
    code: codeOf(error),
    why: error === undefined ? "" : messageOf(error),
  };
}

describe("NvidiaGPUCollector", () => {
  for (const absent of ["[N/A]", "N/A", "[Not Supported]"]) {
    it(`leaves out what a GPU with MIG does not measure, without a word: ${absent}`, async () => {
      const { values, logged } = await collect(`${HEALTHY}\n1, 81559, 0, 81559, ${absent}, ${absent}, 33\n`);
      deepEqual(values, [
        ...OF_HEALTHY,
        ["gpu_1.memory.total", 81559],
        ["gpu_1.memory.used", 0],
        ["gpu_1.memory.free", 81559],
        ["gpu_1.temperature.gpu", 33],
      ]);
      equal(logged, "");
    });
  }

  for (const fault of ["[Unknown Error]", "[Insufficient Permissions]", "[GPU is lost]", "[GPU requires reset]", "ERR!"]) {
    it(`says which line has a value that could not be got, and publishes the others: ${fault}`, async () => {
      const { values, logged } = await collect(`${HEALTHY}\n1, 81559, ${fault}, ${fault}, 0, 0, 33\n`);
      deepEqual(values, [
        ...OF_HEALTHY,
        ["gpu_1.memory.total", 81559],
        ["gpu_1.utilization.gpu", 0],
        ["gpu_1.utilization.memory", 0],
        ["gpu_1.temperature.gpu", 33],
      ]);
      match(logged, /leaves out a line of nvidia-smi that cannot be read: "1, 81559, /);
    });
  }

  it("publishes the other GPUs where one is lost, and says which", async () => {
    const { values, logged } = await collect(`${HEALTHY}\n${LOST}\n`, 15);
    deepEqual(values, OF_HEALTHY);
    match(logged, /cannot be read: "Unable to determine the device handle for GPU 0000:02:00\.0/);
  });

  it("has a warning beside the rows cost nothing", async () => {
    const { values } = await collect(`${HEALTHY}\nWARNING: infoROM is corrupted at gpu 0000:02:00.0\n`, 14);
    deepEqual(values, OF_HEALTHY);
  });

  it("makes no name of a GPU whose index could not be got", async () => {
    deepEqual((await collect(`[Unknown Error], 81559, 1, 81558, 0, 0, 33\n`)).values, []);
  });

  for (
    const [what, said, status] of [
      ["the only GPU is lost", LOST, 15],
      [
        "the driver is not loaded",
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
        9,
      ],
      ["driver and library differ", "Failed to initialize NVML: Driver/library version mismatch", 18],
      ["a property has no such name", 'Field "utilization.gpus" is not a valid field to query.', 2],
    ] as const
  ) {
    it(`fails in nvidia-smi's words where ${what}`, async () => {
      const { values, code, why } = await collect(`${said}\n\n`, status);
      deepEqual(values, []);
      equal(code, "bad-data");
      equal(why, `${COMMAND} ended with ${status}: ${said}`);
    });
  }

  it("fails where nvidia-smi says why on stderr alone", async () => {
    const { code, why } = await collect("", 12, "NVML Shared Library could not be found\n");
    equal(code, "bad-data");
    equal(why, `${COMMAND} ended with 12: NVML Shared Library could not be found`);
  });

  for (const status of [0, 6]) {
    it(`has no data on a machine without a GPU, exit status ${status}`, async () => {
      const { code, why } = await collect("No devices were found\n", status);
      equal(code, "no-data");
      equal(why, "nvidia-smi finds no GPU");
    });
  }
});
