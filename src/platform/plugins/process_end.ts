/** The end of a process of plugins, and of all that it has started. */

import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { killGroup } from "../exec/exec.ts";

/** It has a moment to put its states away. Takes twice as long at most. */
export async function endProcess(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  momentMs: number,
): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.ref();
  child.stdin.end();
  // It may be busy with something that never ends, and where that is a dead mount, not even a kill ends it.
  const late = setTimeout(() => killGroup(child), momentMs);
  const { promise: lost, resolve: giveUp } = Promise.withResolvers<void>();
  const stuck = setTimeout(giveUp, 2 * momentMs);
  await Promise.race([ended, lost]);
  clearTimeout(late);
  clearTimeout(stuck);
  // What it had started goes with it.
  killGroup(child);
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
}
