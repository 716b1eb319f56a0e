/** The other side: works on files for the agent, and hangs with them. */

import { lstatSync, rmSync, writeSync } from "node:fs";
import type { Rotation } from "../../ports/fs.ts";
import { silentLog } from "../../ports/log.ts";
import type { Identity } from "../../ports/process.ts";
import type { SpoolFolder } from "../../ports/spool.ts";
import {
  makeFolder,
  type Owner,
  readRegularText,
  removeIf,
  replaceFile,
} from "../access/safe_open.ts";
import { type Trusted, whoElse } from "../access/trust.ts";
import { configFiles } from "../fs/config_files.ts";
import { historyForOthers } from "../history/far_history_file.ts";
import { openHistoryFile } from "../history/history_file.ts";
import { openAppender } from "../log/appender.ts";
import { stdinLines } from "../runtime/stdin_lines.ts";
import { removePid } from "../service/pid_file.ts";
import { become } from "../service/privileges.ts";
import { createSpools } from "../spool/spools.ts";
import { spoolForOthers } from "../spool/spool_wire.ts";
import { errorToSend, type FarAnswer, type FarRequest } from "./protocol.ts";

/** Serves until stdin ends. */
export function serveFar(): Promise<void> {
  return stdinLines((line) => {
    const text = `${JSON.stringify(answer(JSON.parse(line) as FarRequest))}\n`;
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
  });
}

// deno-lint-ignore no-explicit-any
type Calls = Readonly<Record<string, (...args: any[]) => unknown>>;

const made: Calls[] = [];

function answer({ object, call, args }: FarRequest): FarAnswer {
  try {
    return { value: (object === 0 ? functions : made[object - 1])[call](...args) };
  } catch (error) {
    return { error: errorToSend(error) };
  }
}

/** Keeps an object for later calls, and returns its number. */
function keep(object: Calls): number {
  return made.push(object);
}

const functions: Calls = {
  ask: (path: string) => void lstatSync(path, { throwIfNoEntry: false }),
  become: (identity: Identity) => become(identity),
  list: (path: string) => configFiles.list(path),
  access: (path: string) => configFiles.access(path),
  fileVersion: (path: string) => configFiles.fileVersion(path),
  unwritable: (path: string) => configFiles.unwritable(path),
  whoElse: (path: string, trusted: Trusted) => whoElse(path, trusted),
  read: (path: string, maxBytes: number) => readRegularText(path, maxBytes),
  replace: (path: string, text: string, how: Parameters<typeof replaceFile>[2]) =>
    replaceFile(path, text, how),
  makeFolder: (path: string, mode: number, owner: Owner) => makeFolder(path, mode, owner),
  remove: (path: string) => rmSync(path, { force: true }),
  removePid: (path: string) => removePid(path),
  removeSocket: (path: string) => removeIf(path, (entry) => entry.isSocket()),
  appender(path: string, rotation: Rotation) {
    const appender = openAppender(path, rotation);
    return keep({
      append: (text: string) => appender.append(text),
      close: () => appender.close(),
    });
  },
  history(path: string) {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    return historyForOthers(openHistoryFile(path, { ...silentLog, warn }), warnings, keep);
  },
  spools(folder: SpoolFolder) {
    const spools = createSpools(folder);
    return keep({
      exists: (handler: string) => spools.exists(handler),
      handlers: () => spools.handlers(),
      close: () => spools.close(),
      open(handler: string) {
        const warnings: string[] = [];
        const log = { warn: (message: string) => void warnings.push(message) };
        return spoolForOthers(spools.open(handler, log), warnings, keep);
      },
    });
  },
};
