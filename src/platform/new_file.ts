/** Files that are written for a user to go on with. */

import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { configError } from "../core/errors.ts";

/** Throws `config` where there is one already, or it cannot be written. */
export function writeNewFile(path: string, text: string): void {
  write(path, text, "wx");
}

/** The same, with one that is there written over. */
export function writeFile(path: string, text: string, mode?: number): void {
  write(path, text, "w");
  if (mode !== undefined) chmodSync(path, mode);
}

/** Throws `config` where it cannot. */
export function removeFile(path: string): void {
  try {
    rmSync(path);
  } catch (error) {
    throw configError(`Cannot remove "${path}"`, error);
  }
}

function write(path: string, text: string, flag: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag });
  } catch (error) {
    throw configError(`Cannot write "${path}"`, error);
  }
}
