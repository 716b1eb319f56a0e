/** Files that Nagios leaves: what is read is removed, and nothing else is touched. */

import { deepEqual, match } from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { singleRunner } from "../../src/agent/parts.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { createHost } from "../../src/platform/host.ts";
import { rootsFrom } from "../../src/platform/roots.ts";
import { temporary } from "../harness/agent_process.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: directory, remove } = temporary();
after(remove);

const LINE = "DATATYPE::HOSTPERFDATA\tHOSTNAME::web1\tHOSTPERFDATA::pl=5%\n";

it("NagiosPerfdataCollector removes each file once, and leaves folders and links alone", async () => {
  const [spool, conf, secret] = ["spool", "diamond.conf", "secret"].map((name) => join(directory, name));
  mkdirSync(join(spool, "folder"), { recursive: true });
  writeFileSync(secret, "root:secret\n");
  symlinkSync(secret, join(spool, "a-link"));
  writeFileSync(join(spool, "perfdata.0"), `torn\n${LINE}`);
  writeFileSync(conf, `[server]\n[collectors]\n[[NagiosPerfdataCollector]]\nperfdata_dir = ${spool}\n`);
  const catalogue = { collectors, handlers };
  const only = ["NagiosPerfdataCollector"];
  const { collectors: [part] } = await resolveSettings({ path: conf, files: configFiles, catalogue, only });
  const log = recordedLog();
  const runner = await singleRunner(part, createHost(rootsFrom({}, {})), log);
  const published = async () =>
    (await runner.run(0)).metrics.map(({ series, value }) => `${series.path.split(".nagiosperfdata.")[1]} ${value}`);
  deepEqual(await published(), ["web1.host.pl 5"]);
  deepEqual(readdirSync(spool).sort(), ["a-link", "folder"]);
  deepEqual(await published(), []);
  deepEqual(existsSync(secret), true);
  match(log.lines.join("\n"), /leaves out a line of .*perfdata\.0 that cannot be read: "torn"/);
});
