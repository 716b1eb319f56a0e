/** Configuration files, on the machine the agent runs on: never re-rooted. */

import { accessSync, constants, existsSync, readdirSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { messageOf } from "../../core/errors.ts";
import type { ConfigFiles } from "../../ports/local_files.ts";
import { kindOf, readRegularText } from "../access/safe_open.ts";
import { whoElse } from "../access/trust.ts";
import { trustedWith } from "../access/identity.ts";
import { hangingKinds } from "./mount_kinds.ts";

/** Of a configuration, a secret, a certificate: the largest there are have some hundred kilobytes. */
const MAX_BYTES = 8 * 1024 * 1024;
const OTHERS_READ = 0o004;

export const configFiles: ConfigFiles = {
  read: (path) => readRegularText(path, MAX_BYTES),
  list(directory) {
    try {
      return readdirSync(directory).sort();
    } catch {
      return undefined;
    }
  },
  access(path) {
    const stat = statOf(path);
    // Something is there, and reading it shows what is wrong.
    if (typeof stat === "string") return { directory: false, othersRead: false };
    return stat && {
      directory: stat.isDirectory(),
      othersRead: (stat.mode & OTHERS_READ) !== 0,
    };
  },
  whoElse: (path, user, group) => whoElse(path, trustedWith(user, group)),
  fileVersion(path) {
    const stat = statOf(path);
    if (typeof stat === "string") return stat;
    // Not by a template: a number with a fraction made a text in one costs the runtime a table of 96 KB.
    return stat && JSON.stringify([stat.ino, stat.size, stat.mtimeMs]);
  },
  absolute: (path) => resolve(path),
  networkKinds: hangingKinds,
  unwritable(path) {
    // The agent makes missing directories itself, so the nearest one that is there counts.
    let nearest = resolve(path);
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    try {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory() || stat?.isFIFO() || stat?.isSocket()) return `it is ${kindOf(stat)}`;
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

/** Undefined where nothing is there; the system's reason where it does not tell. */
function statOf(path: string): Stats | string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return messageOf(error);
  }
}
