/** Tells of file systems that do not answer. */

import type { ConfigFiles } from "../ports/local_files.ts";
import type { Log } from "../ports/log.ts";

/**
 * In the log, and with `tell`. What it returns ends the start, and returns a promise for each file system that did not
 * answer in it: what had to be left out can be read when it does.
 */
export function tellSilence(
  files: ConfigFiles,
  log: Log,
  tell: (lines: readonly string[]) => void,
): () => readonly Promise<void>[] {
  let early: Promise<void>[] | undefined = [];
  files.onSilence?.((mountPoint, over) => {
    const line =
      `The file system at "${mountPoint}" does not answer: what the agent has there is tried again`;
    log.warn(line);
    if (early !== undefined) tell([line]);
    early?.push(over);
    void over.then(() => log.info(`The file system at "${mountPoint}" answers again`));
  });
  return () => {
    const found = early ?? [];
    early = undefined;
    return found;
  };
}
