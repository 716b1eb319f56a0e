/** The entry: the program as a whole, or only the process that asks file systems, which is small. */

import process from "node:process";
import { tune } from "./platform/memory/reexec.ts";
import { PROBE_WORD, serveProbes } from "./platform/fs/probe_child.ts";
import { FAR_WORD } from "./platform/far/word.ts";
import { PLUGIN_WORD } from "./platform/plugins/word.ts";

const LAST_LINES_MS = 1000;

if (process.argv[2] === PROBE_WORD) {
  await serveProbes();
} else if (process.argv[2] === FAR_WORD) {
  const { serveFar } = await import("./platform/far/child.ts");
  await serveFar();
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
  const written = Promise.all([flushed("stdout"), flushed("stderr")]);
  // A daemon's last lines may have no reader.
  await (process.argv[2] === "run" ? Promise.race([written, late()]) : written);
  process.exit(status);
}

function late(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LAST_LINES_MS));
}
