/** Configuration files, on the machine the agent runs on: never re-rooted. */

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { messageOf } from "../../core/errors.ts";
import type { ConfigFiles } from "../../ports/local_files.ts";

const OTHERS_WRITE = 0o002;
const OTHERS_READ = 0o004;

export const configFiles: ConfigFiles = {
  read: (path) => readFileSync(path, "utf8"),
  list(directory) {
    try {
      return readdirSync(directory).sort();
    } catch {
      return undefined;
    }
  },
  access(path) {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat && {
      directory: stat.isDirectory(),
      othersWrite: (stat.mode & OTHERS_WRITE) !== 0,
      othersRead: (stat.mode & OTHERS_READ) !== 0,
    };
  },
  fileVersion(path) {
    const stat = statSync(path, { throwIfNoEntry: false });
    // Not by a template: a number with a fraction made a text in one costs the runtime a table of 96 KB.
    return stat && JSON.stringify([stat.ino, stat.size, stat.mtimeMs]);
  },
  absolute: (path) => resolve(path),
  unwritable(path) {
    // The agent makes missing directories itself, so the nearest one that is there counts.
    let nearest = resolve(path);
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return "it is a directory";
      if (nearest !== resolve(path) && !statSync(nearest).isDirectory()) {
        return `${nearest} is no directory`;
      }
      accessSync(nearest, constants.W_OK);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  },
};
