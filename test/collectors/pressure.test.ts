/** Kernels without pressure information, and lines that cannot be read. */

import { deepEqual, match } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import { runRecorded } from "../../src/cli/test.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { emptySettings } from "../../src/config/resolve.ts";
import { messageOf, noData } from "../../src/core/errors.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import type { HostFs } from "../../src/ports/fs.ts";
import { temporary } from "../harness/agent_process.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: base, remove } = temporary();
after(remove);
let folders = 0;

async function collect(files: Record<string, string>, wrap?: (fs: HostFs) => HostFs) {
  const directory = join(base, `${++folders}`);
  const folder = join(directory, "0s/proc/pressure");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const only = ["PressureCollector"];
  const { collectors: [part] } = await emptySettings({ catalogue: { collectors, handlers }, only });
  const host = recordedHost(directory, wrap);
  const log = recordedLog();
  const { outcomes: [{ error, metrics }] } = await runRecorded(await singleRunner(part, host, log), host);
  const lines = metrics.map(({ series, value }) => `${series.name} ${value}`);
  return { lines, log, why: error === undefined ? "" : messageOf(error) };
}

describe("PressureCollector", () => {
  it("has no data where the kernel has none, and says why", async () => {
    const { lines, why } = await collect({});
    deepEqual(lines, []);
    match(why, /^cannot read \/proc\/pressure\/cpu: .*no such file.*: Linux has .* from 4\.20 on.* psi=1/i);
  });

  it("has no data with psi=0, where the files are there and cannot be read", async () => {
    const off = (path: string): never => {
      throw noData(`cannot read ${path}`, new Error("operation not supported"));
    };
    const { lines, why } = await collect({}, (fs) => ({ ...fs, read: off, tryRead: () => undefined }));
    deepEqual(lines, []);
    match(why, /^cannot read \/proc\/pressure\/cpu: operation not supported: .* psi=1/);
  });

  it("leaves out what cannot be read, and the CPU's line of all tasks", async () => {
    const { lines, log } = await collect({
      cpu: "some avg10=1.50 avg60=x avg300=0.10 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
      io: "most avg10=1.00\nsome avg10=-1.00\nfull avg10=0.25 later=7\n",
    });
    deepEqual(lines, ["cpu.some.avg10 1.5", "io.full.avg10 0.25"]);
    match(log.lines.join("\n"), /leaves out a line of \/proc\/pressure\/cpu that cannot be read/);
    match(log.lines.join("\n"), /leaves out 2 lines of \/proc\/pressure\/io that cannot be read/);
  });
});
