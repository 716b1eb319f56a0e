/** A file that is replaced as a whole: who reads it finds the old text or the new one. */

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";

export function stateFile(path: string) {
  return {
    path,
    read: () => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
    write(text: string) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
      const next = `${path}.${process.pid}`;
      writeFileSync(next, text, { mode: 0o640 });
      renameSync(next, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}
