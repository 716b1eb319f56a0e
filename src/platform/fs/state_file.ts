/** A file that is replaced as a whole: who reads it finds the old text or the new one. */

import { rmSync } from "node:fs";
import { readRegularText, replaceFile } from "../access/safe_open.ts";
import { farFor } from "../far/far.ts";

/** A hundred thousand series with their last values take some ten megabytes. */
const MAX_BYTES = 64 * 1024 * 1024;

export function stateFile(path: string) {
  return {
    path,
    read: () => read(path),
    write: (text: string) => replaceFile(path, text, { mode: 0o640, folderMode: 0o750 }),
    remove() {
      const far = farFor(path);
      if (far === undefined) rmSync(path, { force: true });
      else far.call("remove", path);
    },
  };
}

function read(path: string): string | undefined {
  try {
    return readRegularText(path, MAX_BYTES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
