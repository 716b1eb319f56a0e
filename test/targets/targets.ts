/**
 * Every target, run as far as this machine can: `npm run long -- targets [NAME…]`. What cannot be run is
 * in the table with the reason. Builds the executables that are not there.
 */

import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { lineServer, root, until } from "../harness/agent_process.ts";

interface Way {
  /** Program and words before the agent's own. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A path of this machine as the agent sees it. */
  seen(path: string): string;
  /** The folder that the agent may write to. */
  readonly folder: string;
  readonly system: "linux" | "windows";
  /** An emulator does not follow to a child: what is the operator's own runs in the agent there. */
  readonly alone?: boolean;
  close?(): void;
}

/** What each target runs on here, or why it does not. */
const targets: Readonly<Record<string, ((folder: string, file: string) => Way) | string>> = {
  "linux-x64": (folder, file) => plain(folder, [file]),
  // Nehalem is the oldest that the runtime supports.
  "linux-x64-baseline": (folder, file) =>
    plain(folder, ["/usr/bin/qemu-x86_64-static", "-cpu", "Nehalem", file]),
  "linux-x64-musl": musl,
  "linux-arm64": (folder, file) => ({
    ...plain(folder, ["/usr/bin/qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", file]),
    alone: true,
  }),
  "linux-arm64-musl":
    "Debian has no libstdc++ of musl for arm64, nor musl's loader beside arm64's glibc",
  "windows-x64": wine,
  "darwin-x64": "needs macOS; its paths are exercised by recorded figures (npm test)",
  "darwin-arm64": "needs macOS; its paths are exercised by recorded figures (npm test)",
  "freebsd-x64": "needs FreeBSD; its paths are exercised by recorded figures (npm test)",
};
/** Those that every system has. */
const COLLECTORS = ["CPUCollector", "MemoryCollector", "DiskSpaceCollector", "UptimeCollector"];
const SECONDS = 90;

const installed = spawnSync("sh", [join(root, "test/targets/install")], { stdio: "inherit" });
if (installed.status !== 0) process.exit(1);
const asked = process.argv.slice(2);
const base = mkdtempSync(join(tmpdir(), "targets-"));
const rows = [["target", "run", "collect", "check", "Graphite", "plugin", ""]];
const totals = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const [name, prepare] of Object.entries(targets)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    if (typeof prepare === "string") {
      rows.push([name, "-", "-", "-", "-", "-", prepare]);
      totals.skipped++;
      continue;
    }
    process.stderr.write(`${name} …\n`);
    rows.push([name, ...await tried(name, prepare)]);
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)) + 2);
console.log(
  rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join("").trimEnd()).join("\n"),
);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);

async function tried(
  name: string,
  prepare: (folder: string, file: string) => Way,
): Promise<string[]> {
  const file = built(name);
  const folder = join(base, name);
  mkdirSync(folder);
  const notes: string[] = [];
  const results: string[] = [];
  const way = prepare(folder, file);
  const step = async (what: string, work: () => Promise<void> | void) => {
    const started = Date.now();
    try {
      await work();
      totals.passed++;
      results.push(`${((Date.now() - started) / 1000).toFixed(1)} s`);
    } catch (error) {
      totals.failed++;
      results.push("FAILED");
      notes.push(`${what}: ${(error as Error).message.trim()}`);
    }
  };
  const server = await lineServer();
  try {
    const conf = configuration(way, server.port);
    await step("run", async () => {
      const [program, ...words] = way.command;
      const child = spawn(program, [...words, "run", "-f", "--skip-pidfile", "-c", conf], {
        env: { ...way.env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      child.stdout.on("data", (chunk) => (output += chunk));
      child.stderr.on("data", (chunk) => (output += chunk));
      const ended = new Promise((resolve) => child.once("close", resolve));
      try {
        await until(
          "two ticks at the receiver",
          () => new Set(points(server.lines, "memory").map(([, , time]) => time)).size >= 2,
          SECONDS,
        ).catch((error) => {
          throw new Error(`${error.message}; it says: ${output.slice(-600)}`);
        });
        await until("the plugin", () => points(server.lines, "OwnCollector").length > 0, SECONDS)
          .catch(() => {});
      } finally {
        child.kill(way.system === "windows" ? "SIGKILL" : "SIGTERM");
        setTimeout(() => child.kill("SIGKILL"), 10_000).unref();
        await ended;
      }
      if (readFileSync(join(way.folder, "archive.log"), "utf8").split("\n").length < 10) {
        throw new Error("the archive is empty");
      }
    });
    await step("collect", () => {
      const { stdout, stderr, status } = execute(way, ["collect", ...COLLECTORS, "--rounds", "2"]);
      for (const part of ["cpu.", "memory.", "diskspace.", "uptime."]) {
        if (!stdout.includes(`.${part}`)) {
          throw new Error(`nothing of ${part} (status ${status}): ${stderr.slice(0, 500)}`);
        }
      }
    });
    await step("check", () => {
      const { stdout, stderr, status } = execute(way, ["check", "-c", conf]);
      if (status !== 0) throw new Error(stdout + stderr);
    });
    await step("Graphite", () => {
      for (const part of ["cpu", "memory", "diskspace", "uptime", "diamond"]) {
        if (points(server.lines, part).length === 0) throw new Error(`nothing of ${part} arrived`);
      }
    });
    await step("plugin", () => {
      const values = points(server.lines, "OwnCollector").map(([, value]) => value);
      if (!values.includes("42")) {
        throw new Error("nothing of the operator's own collector arrived");
      }
    });
    return [...results, notes.join("; ")];
  } finally {
    await server.close();
    way.close?.();
  }
}

function points(lines: readonly string[], part: string): string[][] {
  return lines.filter((line) => line.startsWith(`servers.target.${part}.`)).map((line) =>
    line.split(" ")
  );
}

function configuration(way: Way, port: number): string {
  const here = (name: string) => way.seen(join(way.folder, name));
  mkdirSync(join(way.folder, "own"), { recursive: true });
  writeFileSync(
    join(way.folder, "own/own.ts"),
    `import { defineCollector, gauge } from "diamond-agent";
const value: number = 42;
export default defineCollector({ name: "OwnCollector", doc: "", path: "OwnCollector",
  options: {}, metrics: { value: gauge("") }, collect({ emit }) { emit("value", value); } });
`,
  );
  writeFileSync(
    join(way.folder, "diamond.conf"),
    `[server]
handlers = GraphiteHandler, ArchiveHandler
collectors_path = '${here("own")}'
state_path = '${here("state")}'
socket = off
${way.alone ? "isolation = none\n" : ""}[handlers]
[[GraphiteHandler]]
host = 127.0.0.1
port = ${port}
[[ArchiveHandler]]
log_file = '${here("archive.log")}'
[collectors]
[[default]]
interval = 1
hostname = target
${[...COLLECTORS, "OwnCollector"].map((name) => `[[${name}]]\nenabled = True\n`).join("")}`,
  );
  return here("diamond.conf");
}

function execute(way: Way, args: readonly string[]) {
  const [program, ...words] = way.command;
  return spawnSync(program, [...words, ...args], {
    env: { ...way.env },
    encoding: "utf8",
    timeout: SECONDS * 1000,
  });
}

function built(name: string): string {
  const ending = name.startsWith("windows") ? ".exe" : "";
  const file = join(root, `build/out/diamond-agent-${name}${ending}`);
  if (!existsSync(file)) {
    done(process.execPath, [
      join(root, "build/release/compile.ts"),
      "--target",
      name,
      "--no-compress",
    ]);
  }
  return file;
}

function plain(folder: string, command: readonly string[]): Way {
  return { command, seen: (path) => path, folder, system: "linux" };
}

/** A chroot of three files: the executable, musl, and a libstdc++ for it. */
function musl(folder: string, file: string): Way {
  for (const name of ["lib", "proc", "tmp"]) mkdirSync(join(folder, name));
  const object = join(folder, "gaps.o");
  done("gcc", [
    ...["-c", "-fPIC", "-fno-stack-protector", "-o", object],
    join(root, "test/targets/musl_gaps.c"),
  ]);
  const library = (name: string) => done("gcc", [`-print-file-name=${name}`]).trim();
  done("gcc", [
    ...["-shared", "-nostdlib", "-o", join(folder, "lib/libstdc++.so.6")],
    ...["-Wl,-soname,libstdc++.so.6", object],
    ...["-Wl,--whole-archive", library("libstdc++.a"), "-Wl,--no-whole-archive"],
    ...[library("libgcc_eh.a"), library("libgcc.a")],
  ]);
  rmSync(object);
  copyFileSync("/lib/ld-musl-x86_64.so.1", join(folder, "lib/ld-musl-x86_64.so.1"));
  copyFileSync(file, join(folder, "agent"));
  // In a chroot only what is mounted below it can be seen.
  done("mount", ["--bind", folder, folder]);
  done("mount", ["-t", "proc", "proc", join(folder, "proc")]);
  return {
    command: ["/usr/sbin/chroot", folder, "/agent"],
    seen: (path) => path.slice(folder.length),
    folder,
    system: "linux",
    close: () => void spawnSync("umount", [join(folder, "proc"), folder]),
  };
}

function wine(folder: string, file: string): Way {
  const compiler = "x86_64-w64-mingw32-gcc-win32";
  done(compiler, [
    ...["-shared", "-o", join(folder, "bcryptprimitives.dll")],
    ...[join(root, "test/targets/bcryptprimitives.c"), "-ladvapi32"],
  ]);
  const program = join(folder, "agent.exe");
  copyFileSync(file, program);
  const env = {
    HOME: folder,
    WINEPREFIX: join(folder, "prefix"),
    WINEDEBUG: "-all",
    PATH: "/usr/lib/wine:/usr/bin:/bin",
  };
  // Makes its registry and drives, once.
  spawnSync("/usr/lib/wine/wine64", ["wineboot", "-i"], { env, stdio: "ignore", timeout: 120_000 });
  return {
    command: ["/usr/lib/wine/wine64", program],
    env,
    seen: (path) => `Z:${path.replaceAll("/", "\\")}`,
    folder,
    system: "windows",
    close: () =>
      void spawnSync("/usr/lib/wine/wineserver64", ["-k"], {
        env,
        stdio: "ignore",
        timeout: 20_000,
      }),
  };
}

function done(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return stdout;
}
