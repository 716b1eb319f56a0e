/** Configuration files, on the machine the agent runs on: never re-rooted. */

import { accessSync, constants, existsSync, readdirSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { messageOf } from "../../core/errors.ts";
import type { ConfigFiles, FileAccess } from "../../ports/local_files.ts";
import { kindOf, readRegularText } from "../access/safe_open.ts";
import { whoElse } from "../access/trust.ts";
import { farFor, onSilence } from "../far/far.ts";
import { trustedWith } from "../access/identity.ts";
import { hasPipes } from "../far/pipes.ts";
import { hangingKinds } from "./mount_kinds.ts";

/** Of a configuration, a secret, a certificate: the largest there are have some hundred kilobytes. */
const MAX_BYTES = 8 * 1024 * 1024;
const OTHERS_READ = 0o004;

export const configFiles: ConfigFiles = {
  read: (path) => readRegularText(path, MAX_BYTES),
  list: (directory) => there("list", directory, () => listHere(directory)),
  access: (path) => unless(SOMETHING, () => there("access", path, () => accessHere(path))),
  whoElse(path, user, group) {
    const trusted = trustedWith(user, group);
    return unless(undefined, () => there("whoElse", path, () => whoElse(path, trusted), trusted));
  },
  fileVersion: (path) => there("fileVersion", path, () => versionHere(path)),
  absolute: (path) => resolve(path),
  onSilence,
  executable: process.execPath,
  networkKinds() {
    const kindOf = hangingKinds();
    // Another process works on files, but runs the same program.
    return (path) => hasPipes() && path !== process.execPath ? undefined : kindOf(path);
  },
  unwritable(path) {
    try {
      return there("unwritable", path, () => unwritableHere(path));
    } catch (error) {
      return messageOf(error);
    }
  },
};

/** Asks the process that works on the files of a file system which can hang. Throws `timeout`. */
function there<T>(call: string, path: string, here: () => T, ...args: readonly unknown[]): T {
  const far = farFor(path);
  return far === undefined ? here() : far.call(call, path, ...args) as T;
}

function unless<T>(instead: T, ask: () => T): T {
  try {
    return ask();
  } catch {
    // Reading it shows what is wrong.
    return instead;
  }
}

/** There is something, and reading it shows what is wrong. */
const SOMETHING = { directory: false, othersRead: false };

function listHere(directory: string): string[] | undefined {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

function accessHere(path: string): FileAccess | undefined {
  const stat = statOf(path);
  if (typeof stat === "string") return SOMETHING;
  return stat && {
    directory: stat.isDirectory(),
    othersRead: (stat.mode & OTHERS_READ) !== 0,
  };
}

function versionHere(path: string): string | undefined {
  const stat = statOf(path);
  if (typeof stat === "string") return stat;
  // Not by a template: a number with a fraction made a text in one costs the runtime a table of 96 KB.
  return stat && JSON.stringify([stat.ino, stat.size, stat.mtimeMs]);
}

function unwritableHere(path: string): string | undefined {
  // The agent makes missing directories itself, so the nearest one that is there counts.
  let nearest = resolve(path);
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() || stat?.isFIFO() || stat?.isSocket()) return `it is ${kindOf(stat)}`;
  if (nearest !== resolve(path) && !statSync(nearest).isDirectory()) {
    return `${nearest} is no directory`;
  }
  accessSync(nearest, constants.W_OK);
  return undefined;
}

/** Undefined where nothing is there; the system's reason where it does not tell. */
function statOf(path: string): Stats | string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return messageOf(error);
  }
}
