/** Collectors against the real services that are up in a moment; all of them: `npm run long -- daemons`. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { it } from "node:test";
import { missing } from "../daemons/packages.ts";
import type { Daemon } from "../daemons/daemon.ts";
import { tried } from "../daemons/tried.ts";
import { noExecutable } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const folder = join(import.meta.dirname!, "../daemons/services");

for (const file of readdirSync(folder).sort()) {
  const daemon: Daemon = (await import(join(folder, file))).default;
  if (!daemon.fast) continue;
  const lacking = missing(daemon.packages);
  const reason = noExecutable || (lacking.length > 0 && `${lacking.join(", ")} is not installed`);
  describeWith(`${daemon.collector} and ${basename(file, ".ts")}`, reason, () => {
    it("publishes what the service's own client says, and tells when the service is gone", async () => {
      const { wrong, afterwards } = await tried(daemon);
      deepEqual(wrong, []);
      if (daemon.survives === undefined) match(afterwards, /: \S/);
      else equal(afterwards, daemon.survives);
    });
  });
}
