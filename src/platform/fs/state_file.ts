/** A file that is replaced as a whole: who reads it finds the old text or the new one. */

import { existsSync, rmSync } from "node:fs";
import { readRegularText, replaceFile } from "../access/safe_open.ts";

/** A hundred thousand series with their last values take some ten megabytes. */
const MAX_BYTES = 64 * 1024 * 1024;

export function stateFile(path: string) {
  return {
    path,
    read: () => (existsSync(path) ? readRegularText(path, MAX_BYTES) : undefined),
    write: (text: string) => replaceFile(path, text, { mode: 0o640, folderMode: 0o750 }),
    remove: () => rmSync(path, { force: true }),
  };
}
