/** This process: its streams, its signals, its start in the background. */

import process from "node:process";
import { askControl, serveControl } from "./control.ts";
import { isDaemonChild, reportStart, startDaemon } from "./daemon.ts";
import { serviceManager } from "./notify.ts";
import { checkPidFile, removePidFile, takeLock, writePidFile } from "./pid_file.ts";
import type { MemoryMode } from "../../ports/process.ts";
import { collectGarbage } from "../memory/garbage.ts";
import { tune } from "../memory/reexec.ts";
import { stdinLines } from "../runtime/stdin_lines.ts";
import { streamOf, writeText, writeWhole } from "../runtime/stdio.ts";
import { lockFolder } from "./lock.ts";
import { makeFolder } from "../access/safe_open.ts";
import { undelivered } from "../../core/errors.ts";
import { findIdentity } from "../access/identity.ts";
import { become } from "./privileges.ts";

/** Of a terminal that does not say, and of output that is not a terminal. */
const DEFAULT_COLUMNS = 100;

/** Opened when it is used, which the daemon hardly does. */
export function terminal(name: "stdout" | "stderr") {
  return {
    write(text: string) {
      try {
        writeWhole(name, text);
      } catch (error) {
        // Where stderr cannot be written there is no place for a message.
        if (name === "stdout") throw undelivered("cannot write to stdout", error);
      }
    },
    get isTerminal() {
      return streamOf(name).isTTY === true;
    },
    get columns() {
      return streamOf(name).columns || DEFAULT_COLUMNS;
    },
    get colours() {
      return this.isTerminal && !process.env.NO_COLOR && process.env.TERM !== "dumb";
    },
  };
}

const startMessages: string[] = [];
let startReported = !isDaemonChild();

/** To stderr, or, while a parent waits, to its. */
export function complain(message: string): void {
  if (!startReported) startMessages.push(message);
  else writeText("stderr", `${message}\n`);
}

export const daemonControl = {
  isChild: isDaemonChild(),
  start: startDaemon,
  complain,
  async report(error: string, log: readonly string[] = []) {
    if (startReported) return;
    startReported = true;
    await reportStart({ error, messages: startMessages, pid: process.pid, log });
  },
  checkPidFile,
  takeLock,
  writePidFile,
  removePidFile,
  findIdentity,
  become,
  makeFolder,
  lockFolder,
  serve: serveControl,
  ask: askControl,
  serviceManager,
  tune(mode: MemoryMode) {
    tune(mode);
    // Before it collects by itself, the runtime lets the heap of an executable grow by the size of its bytecode:
    // 10 MB, in which the garbage of the start would stay scattered.
    if (mode !== "plain") collectGarbage();
  },
  onSignal(signals: readonly string[], act: (signal: string) => void) {
    for (const signal of signals) {
      try {
        process.on(signal, () => act(signal));
      } catch {
        // Windows has no SIGHUP or SIGUSR to listen for.
      }
    }
  },
  stopWithStdin() {
    void stdinLines(() => {}).then(() => process.kill(process.pid, "SIGTERM"));
  },
  onStray(act: (error: unknown) => void) {
    process.on("uncaughtException", act);
    process.on("unhandledRejection", act);
  },
};
