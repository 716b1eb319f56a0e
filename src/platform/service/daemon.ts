/**
 * The way into the background: the agent starts itself again in a session of its own, with all three
 * standard streams on /dev/null, and the parent stays until the child says how its start went.
 */

import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { StartReport } from "../../ports/process.ts";
import { type BunSocket, bunSockets, writeAndEnd } from "../runtime/bun_sockets.ts";
import { net, processes } from "../runtime/node_modules.ts";
import { safeEnvironment } from "../exec/environment.ts";
import { selfCommand } from "../runtime/self_command.ts";
import { tunedEnvironment } from "../memory/reexec.ts";

/** Where a child reports; its presence makes a process such a child. */
const VARIABLE = "DIAMOND_AGENT_REPORT";

export function isDaemonChild(): boolean {
  return process.env[VARIABLE] !== undefined;
}

/** Starts the same command in the background. Resolves with what the child reports. */
export function startDaemon(args: readonly string[]): Promise<StartReport> {
  const name = `diamond-agent-start-${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    let reported: StartReport | undefined;
    const finish = (report: StartReport) => {
      server.close();
      resolve(report);
    };
    const server = net().createServer((socket) => {
      let text = "";
      socket.on("data", (chunk) => (text += chunk));
      socket.on("error", () => {});
      socket.on("end", () => {
        reported = parsed(text);
        // One that failed is waited for: it has its lock until it is gone.
        if (reported?.error === "") finish(reported);
      });
    });
    server.on(
      "error",
      (error) => finish(failed(`cannot listen for the start's report: ${error.message}`)),
    );
    const [program, ...own] = selfCommand();
    server.listen(reportAddress(name), () => {
      const child = processes().spawn(program, [...own, ...args], {
        detached: true,
        stdio: ["ignore", "ignore", "ignore"],
        env: { ...tunedEnvironment(safeEnvironment()), [VARIABLE]: name },
      });
      child.on(
        "error",
        (error) => finish(failed(`cannot start in the background: ${error.message}`)),
      );
      child.on("exit", (code, signal) => {
        const how = signal ?? `exit status ${code}`;
        // The report may still be under way.
        setTimeout(
          () =>
            finish(reported ?? failed(`It ended during its start (${how}); with -f it says why`)),
          REPORT_MS,
        );
      });
      child.unref();
    });
  });
}

const REPORT_MS = 100;

/** Undefined where it was cut off: the exit of the child will tell. */
function parsed(text: string): StartReport | undefined {
  try {
    return JSON.parse(text) as StartReport;
  } catch {
    return undefined;
  }
}

/** In the child: reports to the waiting parent. */
export function reportStart(report: StartReport): Promise<void> {
  const name = process.env[VARIABLE];
  delete process.env[VARIABLE];
  if (name === undefined) return Promise.resolve();
  const [address, text] = [reportAddress(name), JSON.stringify(report)];
  return new Promise((resolve) => {
    if (bunSockets !== undefined) {
      let rest: Uint8Array = new TextEncoder().encode(text);
      const write = (socket: BunSocket) => void (rest = writeAndEnd(socket, rest));
      const socket = { open: write, drain: write, close: () => resolve(), data() {}, error() {} };
      bunSockets.connect({ unix: address, socket }).catch(() => resolve());
      return;
    }
    const socket = net().connect(address, () => socket.end(text));
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
  });
}

function failed(error: string): StartReport {
  return { error, messages: [], pid: 0, log: [] };
}

/** A name that goes with the process where there are such; a file elsewhere. */
function reportAddress(name: string): string {
  if (process.platform === "linux") return `\0${name}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), name);
}
