/**
 * What the service manager wants to know, in the lines of sd_notify(3). Where this program cannot send them
 * itself, systemd's own does.
 */

import process from "node:process";
import type { Notifier } from "../../ports/process.ts";
import { processes } from "../runtime/node_modules.ts";
import { safeEnvironment } from "../exec/environment.ts";
import { sendUnixDatagram } from "../net/unix_datagram.ts";

/** Where systemd's sockets are: taken out of the environment, since no child may speak for the agent. */
const socket = process.env.NOTIFY_SOCKET ?? "";
const watchdogMicroseconds = Number(process.env.WATCHDOG_USEC ?? 0);
const isForUs = process.env.WATCHDOG_PID === undefined ||
  Number(process.env.WATCHDOG_PID) === process.pid;
for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete process.env[name];

/** Longer than that it is not waited for. */
const SEND_MS = 5000;

/** Undefined where no service manager asks for it. */
export function serviceManager(): Notifier | undefined {
  if (socket === "") return undefined;
  let last: Promise<void> = Promise.resolve();
  return {
    watchdog: isForUs ? watchdogMicroseconds / 1000 : 0,
    // One after the other: what was said last must arrive last.
    tell: (...lines) => last = last.then(() => send(lines)),
  };
}

function send(lines: readonly string[]): Promise<void> {
  if (sendUnixDatagram(socket, lines.join("\n"))) return Promise.resolve();
  return new Promise((resolve) => {
    const child = processes().spawn("systemd-notify", [...lines], {
      env: { ...safeEnvironment(), NOTIFY_SOCKET: socket },
      stdio: "ignore",
      timeout: SEND_MS,
    });
    child.on("error", () => resolve());
    child.on("close", () => resolve());
  });
}
