/** The entry: the program as a whole, or only the process that asks file systems, which is small. */

import process from "node:process";
import { PLUGIN_WORD } from "./core/plugin_protocol.ts";
import { tune } from "./platform/memory/reexec.ts";
import { PROBE_WORD, serveProbes } from "./platform/fs/probe_child.ts";

if (process.argv[2] === PROBE_WORD) {
  await serveProbes();
} else if (process.argv[2] === PLUGIN_WORD) {
  const { servePlugins } = await import("./platform/plugins/child.ts");
  await servePlugins();
  // Whatever users' code has left behind, such as a timer.
  process.exit(0);
} else {
  if (process.argv[2] === "run") tune();
  const { run } = await import("./compose.ts");
  const { flushed } = await import("./platform/runtime/stdio.ts");
  const status = await run(process.argv.slice(2));
  await Promise.all([flushed("stdout"), flushed("stderr")]);
  process.exit(status);
}
