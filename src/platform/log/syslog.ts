/**
 * Syslog. To a host: UDP datagrams. To `/dev/log`, a datagram socket that no JavaScript runtime can
 * open: through the system's `logger`, one process for as long as the log is open.
 * Source: https://www.rfc-editor.org/rfc/rfc3164
 */

import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { levels, type LogRecord } from "../../formats/log_record.ts";
import { dgram, processes } from "../runtime/node_modules.ts";
import { safeEnvironment } from "../exec/environment.ts";
import { realExec } from "../exec/exec.ts";

interface Syslog {
  write(line: string, record: LogRecord): void;
  close(): void;
}

const TAG = "diamond";
const FACILITY_STEP = 8;

export function openSyslog(
  address: string | readonly [string, number],
  facility: number,
  complain: (message: string) => void,
): Syslog {
  return typeof address === "string"
    ? toLogger(address, facility, complain)
    : toHost(address, facility);
}

/** 0 emergency … 7 debug. */
function severity(level: number): number {
  if (level >= levels.CRITICAL) return 2;
  if (level >= levels.ERROR) return 3;
  if (level >= levels.WARNING) return 4;
  return level >= levels.INFO ? 6 : 7;
}

function toHost([host, port]: readonly [string, number], facility: number): Syslog {
  const socket = dgram().createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("error", () => {});
  socket.unref();
  return {
    write(line, { level, pid }) {
      socket.send(
        `<${facility * FACILITY_STEP + severity(level)}>${TAG}[${pid}]: ${line}`,
        port,
        host,
        () => {},
      );
    },
    close: () => socket.close(),
  };
}

function toLogger(socket: string, facility: number, complain: (message: string) => void): Syslog {
  const program = realExec.find("logger");
  if (program === undefined) {
    throw new Error(`cannot write to ${socket}: there is no "logger" on this host`);
  }
  let child: ChildProcess | undefined;
  const start = () => {
    child = processes().spawn(program, [
      "--prio-prefix",
      "--socket",
      socket,
      "-t",
      `${TAG}[${process.pid}]`,
    ], {
      stdio: ["pipe", "ignore", "ignore"],
      env: safeEnvironment(),
    });
    child.stdin?.on("error", () => {});
    child.on("error", () => (child = undefined));
    child.on("exit", (code) => {
      // A signal is meant for the agent as well; the next message starts another one.
      if (code !== 0 && code !== null) {
        complain(`logger ended with ${code}: is something listening on ${socket}?`);
      }
      child = undefined;
    });
    child.unref();
  };
  return {
    write(line, { level }) {
      if (child === undefined) start();
      for (const part of line.split("\n")) {
        child?.stdin?.write(`<${facility * FACILITY_STEP + severity(level)}>${part}\n`);
      }
    },
    close: () => child?.stdin?.end(),
  };
}
