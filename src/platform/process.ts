/** This process: its streams, its signals, its start in the background. */

import process from "node:process";
import { askControl, serveControl } from "./control.ts";
import { isDaemonChild, reportStart, startDaemon } from "./daemon.ts";
import { serviceManager } from "./notify.ts";
import { checkPidFile, removePidFile, takeLock, writePidFile } from "./pid_file.ts";
import { tune } from "./tuning.ts";
import { flushedText, writeText } from "./standard_streams.ts";
import { become, findIdentity, makeFolder } from "./privileges.ts";

/** A stream that a closed pipe (`| head`) ends quietly. It is opened when it is used: the daemon hardly does. */
export function terminal(name: "stdout" | "stderr") {
  let opened: NodeJS.WriteStream | undefined;
  const stream = () => opened ??= open(name);
  return {
    write: (text: string) => void stream().write(text),
    get isTerminal() {
      return stream().isTTY === true;
    },
    get colours() {
      return stream().isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
    },
  };
}

const openStreams = new Set<"stdout" | "stderr">();

function open(name: "stdout" | "stderr"): NodeJS.WriteStream {
  openStreams.add(name);
  const stream = process[name];
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" && name === "stdout") process.exit(0);
  });
  return stream;
}

/** Text written so far is out when this resolves: exiting does not wait for pipes. */
export async function flushed(name: "stdout" | "stderr"): Promise<void> {
  await flushedText(name);
  if (!openStreams.has(name)) return;
  await new Promise<void>((resolve) => void process[name].write("", () => resolve()));
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
  async report(error: string) {
    if (startReported) return;
    startReported = true;
    await reportStart({ error, messages: startMessages, pid: process.pid });
  },
  checkPidFile,
  takeLock,
  writePidFile,
  removePidFile,
  findIdentity,
  become,
  makeFolder,
  serve: serveControl,
  ask: askControl,
  serviceManager,
  tune,
  onSignal(signals: readonly string[], act: (signal: string) => void) {
    for (const signal of signals) {
      try {
        process.on(signal, () => act(signal));
      } catch {
        // Windows has no SIGHUP or SIGUSR to listen for.
      }
    }
  },
  onStray(act: (error: unknown) => void) {
    process.on("uncaughtException", act);
    process.on("unhandledRejection", act);
  },
};
