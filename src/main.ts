/** The entry: the program as a whole, or only the process that asks file systems, which is small. */

import process from "node:process";
import { GUEST_WORD } from "./core/guest.ts";
import { tune } from "./platform/tuning.ts";
import { PROBE_WORD, serveProbes } from "./platform/probe_child.ts";

if (process.argv[2] === PROBE_WORD) {
  await serveProbes();
} else if (process.argv[2] === GUEST_WORD) {
  const { serveGuest } = await import("./platform/guest_child.ts");
  await serveGuest();
  // Whatever users' code has left behind, such as a timer.
  process.exit(0);
} else {
  if (process.argv[2] === "run") tune();
  const { run } = await import("./compose.ts");
  const { flushed } = await import("./platform/standard_streams.ts");
  const status = await run(process.argv.slice(2));
  await Promise.all([flushed("stdout"), flushed("stderr")]);
  process.exit(status);
}
