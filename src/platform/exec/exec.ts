/** Commands: each in a process group of its own, which is killed as a whole. */

import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import process from "node:process";
import type { Readable, Writable } from "node:stream";
import { messageOf, noData, timedOut } from "../../core/errors.ts";
import type { CommandListener, Exec, ExecResult, RunningCommand } from "../../ports/exec.ts";
import { askFirst, farFor } from "../far/far.ts";
import { lineSplitter } from "../runtime/lines.ts";
import { processes } from "../runtime/node_modules.ts";
import { createLimiter } from "./limiter.ts";
import { realPathOf, type Roots } from "../roots.ts";
import { safeEnvironment } from "./environment.ts";

const MAX_BYTES = 16 * 1024 * 1024;
/** Commands at the same time. */
const MAX_AT_ONCE = 16;
/** Characters of one line of a command that runs on. */
const MAX_LINE = 65_536;
/** For the output of a command that has ended. */
const LEFT_BEHIND_MS = 1000;
const MORE_DIRECTORIES = [
  "/usr/bin",
  "/usr/sbin",
  "/bin",
  "/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
];

/** Of a child that was started as the leader of a group: all of it, at once. */
export function killGroup(child: ChildProcess): void {
  try {
    if (process.platform === "win32" || child.pid === undefined) child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended on its own.
  }
}

/** Programs that lie below a moved root are run there. */
export function createExec(roots: Roots): Exec {
  const limited = createLimiter(MAX_AT_ONCE);
  const moved = ([program, ...args]: readonly string[]) => {
    const there = program.startsWith("/") ? realPathOf(program, roots) : program;
    return [isExecutable(there) ? there : program, ...args];
  };
  return {
    ...realExec,
    run: (argv, limits) => limited(limits.signal, () => realExec.run(moved(argv), limits)),
    start: (argv, listener) => realExec.start(moved(argv), listener),
    converse: (argv, listener) => realExec.converse(moved(argv), listener),
  };
}

export const realExec: Exec = {
  run(argv, { signal, maxBytes = MAX_BYTES }) {
    return new Promise<ExecResult>((resolve, reject) => {
      if (signal.aborted) {
        return reject(timedOut(`${argv[0]} was not started: there is no time left`));
      }
      const child = spawnGroup(argv);
      const output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
      let bytes = 0;
      let settled = false;

      const giveUp = () => {
        killGroup(child);
        child.stdout.destroy();
        child.stderr.destroy();
        child.unref();
      };
      const texts = () => ({
        stdout: Buffer.concat(output.stdout).toString("utf8"),
        stderr: Buffer.concat(output.stderr).toString("utf8"),
      });
      const finish = (end: () => void) => {
        if (settled) return;
        settled = true;
        signal.removeEventListener("abort", onAbort);
        end();
      };
      const onAbort = () => {
        giveUp();
        finish(() => reject(timedOut(`${argv.join(" ")} did not end in time and was killed`)));
      };
      const collect = (stream: "stdout" | "stderr") => (chunk: Uint8Array) => {
        bytes += chunk.length;
        if (bytes <= maxBytes) {
          output[stream].push(chunk);
          return;
        }
        giveUp();
        finish(() => resolve({ ...texts(), code: null, cut: true }));
      };

      signal.addEventListener("abort", onAbort, { once: true });
      child.stdout.on("data", collect("stdout"));
      child.stderr.on("data", collect("stderr"));
      child.on("error", (error) => finish(() => reject(cannotRun(argv[0], error))));
      // Something that it left behind may hold its output open: that is not waited for.
      child.on("exit", (code) => {
        const late = setTimeout(() => {
          giveUp();
          finish(() => resolve({ ...texts(), code }));
        }, LEFT_BEHIND_MS);
        child.once("close", () => clearTimeout(late));
      });
      child.on("close", (code) => finish(() => resolve({ ...texts(), code })));
    });
  },

  start: (argv, listener) => runOn(argv[0], spawnGroup(argv), listener),

  converse(argv, listener) {
    const child = spawnGroup(argv, "pipe");
    // What it did not read is known by its end.
    child.stdin!.on("error", () => {});
    return Object.assign(runOn(argv[0], child, listener), {
      send: (text: string) => void child.stdin!.write(text),
    });
  },

  find(program) {
    if (program.includes("/") && isExecutable(program)) return program;
    const name = program.slice(program.lastIndexOf("/") + 1);
    const directories = [...searched(), ...MORE_DIRECTORIES];
    return directories.filter((directory) => directory !== "" && isThere(directory)).map((
      directory,
    ) => `${directory}/${name}`).find(isExecutable);
  },
};

type Piped = ReturnType<typeof spawnGroup>;

function runOn(program: string, child: Piped, listener: CommandListener): RunningCommand {
  let over = false;
  const end = (why: string) => {
    if (over) return;
    over = true;
    listener.ended(why);
  };
  const linesOf = lineSplitter(MAX_LINE);
  child.stdout.setEncoding("utf8");
  child.stderr.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    for (const line of linesOf(chunk)) if (!over) listener.line(line);
  });
  child.stderr.on("data", (chunk: string) => {
    if (!over) listener.said(chunk);
  });
  child.on("error", (error) => end(messageOf(cannotRun(program, error))));
  child.on("close", (code, signal) => end(`ended with ${code ?? signal}`));
  // What it left behind may hold its output open.
  child.on("exit", (code, signal) => {
    setTimeout(() => end(`ended with ${code ?? signal}`), LEFT_BEHIND_MS).unref();
  });
  return {
    signal(name) {
      child.kill(name);
    },
    stop() {
      over = true;
      killGroup(child);
    },
  };
}

/** As the leader of a process group of its own. */
function spawnGroup(argv: readonly string[], stdin: "ignore" | "pipe" = "ignore") {
  // The runtime would look for it in folders that hang.
  const needsPath = !argv[0].includes("/") && searched().some((folder) => farFor(folder));
  const program = needsPath ? realExec.find(argv[0]) ?? argv[0] : argv[0];
  try {
    return processes().spawn(program, argv.slice(1), {
      detached: process.platform !== "win32",
      env: safeEnvironment(),
      stdio: [stdin, "pipe", "pipe"],
      windowsHide: true,
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  } catch (error) {
    throw cannotRun(program, error);
  }
}

/** The system's words for a file that it cannot execute say nothing of why. */
function cannotRun(program: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  const why = code === "ENOEXEC"
    ? new Error("it has no #! line, and is not a program for this machine")
    : code === "ENOENT" && program.includes("/") && isExecutable(program)
    ? new Error("the interpreter that its #! line names is not there")
    : error;
  return noData(`cannot run ${program}`, why);
}

function searched(): string[] {
  return (process.env.PATH ?? "").split(":");
}

/** Whether a folder can be looked into; false where its file system does not answer. */
function isThere(folder: string): boolean {
  try {
    askFirst(folder);
    return true;
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
