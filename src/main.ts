/** The composition root: the rooms are put together here, and only here. */

import process from "node:process";
import { createAgent } from "./agent/agent.ts";
import { main } from "./cli/root.ts";
import { collectors } from "./collectors/registry.ts";
import { handlers } from "./handlers/registry.ts";
import { configFiles } from "./platform/config_files.ts";
import { createHost } from "./platform/host.ts";
import { openLog } from "./platform/log.ts";
import { complain, daemonControl, flushed, terminal } from "./platform/process.ts";
import { rootsFrom } from "./platform/roots.ts";
import { stamp } from "./platform/stamp.ts";

const status = await main(process.argv.slice(2), {
  stamp,
  catalogue: { collectors, handlers },
  files: configFiles,
  out: terminal("stdout"),
  err: terminal("stderr"),
  host: (roots) => createHost(rootsFrom(roots, process.env)),
  agent: (host, log) => createAgent(host, log, Math.random),
  openLog: (plan, toStdout) => openLog({ plan, toStdout, complain }),
  daemon: daemonControl,
});
await Promise.all([flushed("stdout"), flushed("stderr")]);
process.exit(status);
