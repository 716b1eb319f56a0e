/**
 * A minimal VM boots with the executable, and its metrics reach a real carbon on the host's side:
 * `npm run test:vm`. Two ways: a tiny static init that starts the agent as process 2, and the agent's
 * own `init` as process 1, from an image that its own `initramfs` has made. Emulated, 384 MB.
 */

import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { executable, root } from "../harness/agent_process.ts";
import { type Carbon, startCarbon } from "../harness/carbon.ts";

const MEGABYTES = 384;
/** From the start of the emulator to the first point that carbon has stored. */
const MOST_SECONDS = 15;
const LAST_SECONDS = 40;
/** In the order in which they need each other. */
const DRIVERS = [
  ...["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci"],
  ...["failover", "net_failover", "virtio_net"],
];
const NETWORK = "ip=10.0.2.15::10.0.2.2:255.255.255.0:minivm:eth0";

const installed = spawnSync("sh", [join(root, "test/vm/install")], { stdio: "inherit" });
if (installed.status !== 0) process.exit(1);
if (!existsSync(executable)) {
  console.error("There is no executable: npm run build -- --host");
  process.exit(1);
}

const kernelFolder = join(root, "build/cache/vm/kernel");
const kernel = join(
  kernelFolder,
  "boot",
  readdirSync(join(kernelFolder, "boot")).find((name) => name.startsWith("vmlinuz"))!,
);
const modules = readdirSync(join(kernelFolder, "lib/modules"), {
  recursive: true,
  encoding: "utf8",
});
/** What is not there is built in. */
const drivers = DRIVERS.flatMap((name) => {
  const found = modules.find((path) => path.endsWith(`/${name}.ko`));
  return found === undefined ? [] : [join(kernelFolder, "lib/modules", found)];
});

const base = mkdtempSync(join(tmpdir(), "vm-"));
let failed = 0;
try {
  const rows = [["variant", "first point at carbon, s", "RSS, MB", "guest used, MB"]];
  for (const [name, image] of [["tiny init", tinyInit], ["own init", ownInit]] as const) {
    try {
      rows.push([name, ...await boot(name.replace(" ", "_"), image)]);
    } catch (error) {
      failed++;
      rows.push([name, `FAILED: ${(error as Error).message}`]);
    }
  }
  console.log(rows.map((row) => row.map((cell) => cell.padEnd(26)).join("")).join("\n"));
} finally {
  rmSync(base, { recursive: true, force: true });
}
console.log(`${2 - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed > 0 ? 1 : 0);

function configuration(folder: string, port: number): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "diamond.conf");
  writeFileSync(
    file,
    `[server]
handlers = GraphiteHandler
pid_file = /run/diamond.pid
state_path = off
spool_path = off
[handlers]
[[GraphiteHandler]]
host = 10.0.2.2
port = ${port}
[collectors]
[[default]]
interval = 1
${
      ["CPU", "DiskSpace", "LoadAverage", "Memory", "Network", "TCP", "Uptime", "VMStat"].map((
        name,
      ) => `[[${name}Collector]]\nenabled = True\n`).join("")
    }[[DiamondCollector]]
enabled = True
`,
  );
  return file;
}

interface Image {
  readonly file: string;
  readonly append: string;
}

function tinyInit(folder: string, conf: string): Image {
  const tree = join(folder, "tree");
  for (const name of ["proc", "sys", "dev", "lib", "drivers", "tmp"]) {
    mkdirSync(join(tree, name), { recursive: true });
  }
  symlinkSync("lib", join(tree, "lib64"));
  run("gcc", ["-static", "-O2", "-o", join(tree, "init"), join(root, "test/vm/init.c")]);
  copyFileSync(executable, join(tree, "agent"));
  copyFileSync(conf, join(tree, "diamond.conf"));
  const needed = run("ldd", [executable]);
  for (const [path] of needed.matchAll(/\/\S+\.so\S*/g)) {
    copyFileSync(path, join(tree, "lib", path.split("/").at(-1)!));
  }
  drivers.forEach((path, index) => copyFileSync(path, join(tree, "drivers", `${index}.ko`)));
  const file = join(folder, "vm.img");
  run("sh", ["-c", `cd ${tree} && find . | cpio -o -H newc --quiet > ${file}`]);
  rmSync(tree, { recursive: true });
  return { file, append: "" };
}

function ownInit(folder: string, conf: string): Image {
  const file = join(folder, "vm.img");
  run(executable, ["initramfs", file, ...drivers, "-c", conf]);
  return { file, append: NETWORK };
}

async function boot(
  name: string,
  image: (folder: string, conf: string) => Image,
): Promise<string[]> {
  const folder = join(base, name);
  const carbon = await startCarbon(join(folder, "carbon"));
  const { file, append } = image(folder, configuration(folder, carbon.port));
  const started = Date.now();
  const vm = spawn("qemu-system-x86_64", [
    ...["-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", String(MEGABYTES)],
    ...["-nographic", "-no-reboot", "-kernel", kernel, "-initrd", file],
    ...[
      "-append",
      `console=ttyS0 quiet panic=-1 loglevel=3 net.ifnames=0 rootfstype=ramfs ${append}`,
    ],
    ...["-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,romfile="],
  ], { stdio: ["pipe", "pipe", "pipe"] });
  let console_ = "";
  vm.stdout.on("data", (chunk) => (console_ += chunk));
  vm.stderr.on("data", (chunk) => (console_ += chunk));
  process.on("exit", () => vm.kill("SIGKILL"));
  try {
    await stored(carbon, "servers.minivm.loadavg.01", started, () => console_);
    const seconds = (Date.now() - started) / 1000;
    // Once more, of the process as it is at work.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const last = (metric: string) => {
      const now = Math.floor(Date.now() / 1000);
      return [...carbon.stored(`servers.minivm.${metric}`, now - 60, now)?.values() ?? []].at(-1);
    };
    const rss = (last("diamond.process.rss") ?? Number.NaN) / 1e6;
    const used = ((last("memory.MemTotal") ?? Number.NaN) - (last("memory.MemAvailable") ?? 0)) /
      1e6;
    if (seconds > MOST_SECONDS) throw new Error(`it took ${seconds} s`);
    if (!(rss > 10 && rss < 150)) throw new Error(`RSS of ${rss} MB\n${console_}`);
    return [seconds.toFixed(1), rss.toFixed(1), used.toFixed(0)];
  } finally {
    vm.kill("SIGKILL");
    await carbon.stop();
  }
}

async function stored(carbon: Carbon, path: string, started: number, console_: () => string) {
  for (;;) {
    const now = Math.floor(Date.now() / 1000);
    if ((carbon.stored(path, now - 120, now)?.size ?? 0) > 0) return;
    if (Date.now() - started > LAST_SECONDS * 1000) {
      throw new Error(`nothing within ${LAST_SECONDS} s; the console:\n${console_()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
  return stdout;
}
