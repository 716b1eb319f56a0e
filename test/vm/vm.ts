/**
 * A minimal VM boots with the executable, and its metrics reach a real carbon on the host's side:
 * `npm run long -- vm`. Two ways: a tiny static init that starts the agent as process 2, and the agent's
 * own `init` as process 1, from an image that its own `initramfs` has made. Emulated, 384 MB. And a
 * Debian with systemd, in which the package is installed: its unit, its watchdog, its walls.
 */

import { spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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
const MAX_SECONDS = 15;
const LAST_SECONDS = 40;
/** For systemd to boot, to be asked, and to go. */
const SYSTEMD_SECONDS = 180;
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
let passed = 0;
let failed = 0;
const asked = process.argv.slice(2);
try {
  const rows = [["variant", "first point at carbon, s", "RSS, MB", "guest used, MB"]];
  for (const [name, image] of [["tiny init", tinyInit], ["own init", ownInit]] as const) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    try {
      rows.push([name, ...await boot(name.replace(" ", "_"), image)]);
      passed++;
    } catch (error) {
      failed++;
      rows.push([name, `FAILED: ${(error as Error).message}`]);
    }
  }
  if (rows.length > 1) {
    console.log(rows.map((row) => row.map((cell) => cell.padEnd(26)).join("")).join("\n"));
  }
  if (asked.length === 0 || asked.includes("systemd")) await underSystemd();
} finally {
  rmSync(base, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
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
    if (seconds > MAX_SECONDS) throw new Error(`it took ${seconds} s`);
    if (!(rss > 10 && rss < 150)) throw new Error(`RSS of ${rss} MB\n${console_}`);
    return [seconds.toFixed(1), rss.toFixed(1), used.toFixed(0)];
  } finally {
    vm.kill("SIGKILL");
    await carbon.stop();
  }
}

/** The package in a Debian that boots with systemd. */
async function underSystemd(): Promise<void> {
  const folder = join(base, "systemd");
  const tree = join(folder, "tree");
  mkdirSync(folder);
  const fresh = join(root, "build/cache/vm/systemd");
  if (!existsSync(join(fresh, "sbin/init"))) {
    console.log("Making a Debian with systemd (debootstrap) …");
    const include = "--include=systemd,systemd-sysv,dbus,kmod,iproute2";
    run("debootstrap", ["--variant=minbase", include, "bookworm", fresh]);
  }
  const carbon = await startCarbon(join(folder, "carbon"));
  const packages = join(folder, "packages");
  run(process.execPath, [
    join(root, "build/release/package.ts"),
    ...["--target", "linux-x64", "--out", packages],
  ]);
  run("cp", ["-a", fresh, tree]);
  const debs = readdirSync(packages).filter((name) => name.endsWith(".deb"));
  run("cp", [join(packages, debs[0]), join(tree, "agent.deb")]);
  mkdirSync(join(tree, "etc/diamond"));
  const conf = configuration(folder, carbon.port);
  writeFileSync(
    join(tree, "etc/diamond/diamond.conf"),
    // Its state and its spool are where the unit has its folders.
    readFileSync(conf, "utf8").replace("state_path = off\nspool_path = off\n", ""),
  );
  run("chroot", [tree, "dpkg", "-i", "/agent.deb"]);
  rmSync(join(tree, "agent.deb"));
  rmSync(join(tree, "var/cache/apt"), { recursive: true });
  rmSync(join(tree, "var/lib/apt"), { recursive: true });
  writeFileSync(join(tree, "etc/hostname"), "minivm\n");
  mkdirSync(join(tree, "drivers"));
  drivers.forEach((path, index) => copyFileSync(path, join(tree, "drivers", `${index}.ko`)));
  const unit = (name: string, text: string) => {
    mkdirSync(join(tree, "etc/systemd/system", name, ".."), { recursive: true });
    writeFileSync(join(tree, "etc/systemd/system", name), text);
  };
  copyFileSync(join(root, "test/vm/systemd_checks"), join(tree, "checks"));
  unit("checks.service", "[Service]\nExecStart=/bin/sh /checks\n");
  unit("diamond-agent.service.d/watchdog.conf", "[Service]\nWatchdogSec=6\n");
  const wants = join(tree, "etc/systemd/system/multi-user.target.wants");
  symlinkSync(
    "/usr/lib/systemd/system/diamond-agent.service",
    join(wants, "diamond-agent.service"),
  );
  symlinkSync("/etc/systemd/system/checks.service", join(wants, "checks.service"));
  writeFileSync(
    join(tree, "init"),
    `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for n in 0 1 2 3 4 5 6 7; do [ -e /drivers/$n.ko ] && insmod /drivers/$n.ko; done
sleep 1
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.2.2
hostname minivm
exec /sbin/init
`,
    { mode: 0o755 },
  );
  const file = join(folder, "vm.img");
  run("sh", ["-c", `cd ${tree} && find . -xdev | cpio -o -H newc --quiet > ${file}`]);
  rmSync(tree, { recursive: true });
  const vm = spawn("qemu-system-x86_64", [
    ...["-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "2048"],
    ...["-nographic", "-no-reboot", "-kernel", kernel, "-initrd", file],
    ...["-append", "console=ttyS0 quiet panic=-1 loglevel=3 net.ifnames=0 rootfstype=ramfs"],
    ...["-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,romfile="],
  ], { stdio: ["pipe", "pipe", "pipe"] });
  let told = "";
  vm.stdout.on("data", (chunk) => (told += chunk));
  process.on("exit", () => vm.kill("SIGKILL"));
  const ended = new Promise((resolve) => vm.once("exit", resolve));
  const late = setTimeout(() => vm.kill("SIGKILL"), SYSTEMD_SECONDS * 1000);
  await ended;
  clearTimeout(late);
  const now = Math.floor(Date.now() / 1000);
  const points = carbon.stored("servers.minivm.loadavg.01", now - 300, now)?.size ?? 0;
  await carbon.stop();
  const expected: Readonly<Record<string, RegExp>> = {
    state: /^active$/,
    status: /collectors, [1-9]\d* points delivered, .*healthy$/,
    uid: /^6\d{4}$/,
    seccomp: /^2$/,
    restarts: /^0$/,
    reloaded: /^active$/,
    restarted: /^1$/,
    again: /^active$/,
    stopped: /^success$/,
  };
  for (const [name, wanted] of Object.entries(expected)) {
    const found = new RegExp(`CHECK ${name} (.*?)\r?\n`).exec(told)?.[1] ?? "nothing";
    const isRight = wanted.test(found);
    if (isRight) passed++;
    else failed++;
    console.log(`${isRight ? "ok    " : "FAILED"} systemd: ${name} is ${found}`);
  }
  const arrived = points > 10;
  if (arrived) passed++;
  else failed++;
  console.log(`${arrived ? "ok    " : "FAILED"} systemd: ${points} points of a series at carbon`);
  if (failed > 0) console.log(told);
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
