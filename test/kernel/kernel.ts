/**
 * Collectors of the kernel's subsystems in an emulated guest, beside the subsystems' own tools: RAID, IPVS, NFS, XFS,
 * SMART, hwmon, IPMI, NUMA, control groups, DRBD. `npm run long -- kernel`; about two minutes.
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
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { executable, root } from "../harness/agent_process.ts";
import type { Figures } from "../daemons/daemon.ts";
import { figuresOf, isBetween } from "../daemons/tried.ts";

const MAX_SECONDS = 420;
const MEGABYTES = 2048;
/** What the root needs before it is there, in the order in which they need each other. */
const MODULES = [
  ...["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci"],
  ...["9pnet", "9pnet_virtio", "netfs", "fscache", "9p", "overlay"],
];

const installed = spawnSync("sh", [join(root, "test/kernel/install")], { stdio: "inherit" });
if (installed.status !== 0) process.exit(1);
if (!existsSync(executable)) {
  console.error("There is no executable: npm run build -- --host");
  process.exit(1);
}
const base = mkdtempSync(join(tmpdir(), "kernel-"));
const figures = join(base, "figures");
mkdirSync(figures);
let failed = 0;
try {
  await boot(initramfs());
  report();
} finally {
  rmSync(base, { recursive: true, force: true });
}
process.exit(failed > 0 ? 1 : 0);

/** busybox and the modules for the root. */
function initramfs(): string {
  const tree = join(base, "tree");
  mkdirSync(join(tree, "bin"), { recursive: true });
  mkdirSync(join(tree, "modules"));
  copyFileSync("/usr/bin/busybox", join(tree, "bin/busybox"));
  copyFileSync(join(root, "test/kernel/guest_init"), join(tree, "init"));
  say("chmod", ["755", join(tree, "init"), join(tree, "bin/busybox")]);
  writeFileSync(join(tree, "guest"), join(root, "test/kernel/guest"));
  const folder = join(root, "build/cache/vm/full/lib/modules");
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const paths = MODULES.flatMap((name) => all.find((path) => path.endsWith(`/${name}.ko`)) ?? []);
  for (const path of paths) copyFileSync(join(folder, path), join(tree, "modules", basename(path)));
  const names = paths.map((path) => `${basename(path)}\n`).join("");
  writeFileSync(join(tree, "modules/order"), names);
  const image = join(base, "image");
  say("sh", ["-c", `cd ${tree} && find . | cpio -o -H newc --quiet > ${image}`]);
  return image;
}

/** Two nodes of memory, an NVMe and an ATA disk, a management controller; this machine's files, read-only. */
async function boot(image: string): Promise<void> {
  const kernels = join(root, "build/cache/vm/full/boot");
  const kernel = readdirSync(kernels).find((name) => name.startsWith("vmlinuz"))!;
  for (const disk of ["nvme", "ata"]) say("truncate", ["-s", "64M", join(base, disk)]);
  const half = `${MEGABYTES / 2}M`;
  const share = "security_model=none,multidevs=remap";
  const vm = spawn("qemu-system-x86_64", [
    ...["-M", "q35", "-cpu", "max", "-smp", "2", "-m", `${MEGABYTES}`, "-nic", "none"],
    ...["-object", `memory-backend-ram,id=m0,size=${half}`, "-numa", "node,cpus=0,memdev=m0"],
    ...["-object", `memory-backend-ram,id=m1,size=${half}`, "-numa", "node,cpus=1,memdev=m1"],
    ...["-kernel", join(kernels, kernel), "-initrd", image, "-nographic", "-no-reboot"],
    ...["-append", "console=ttyS0 quiet panic=-1 rdinit=/init"],
    ...["-virtfs", `local,path=/,mount_tag=root,readonly=on,${share}`],
    ...["-virtfs", `local,path=${figures},mount_tag=figures,${share}`],
    ...["-drive", `file=${base}/nvme,format=raw,if=none,id=n`, "-device", "nvme,serial=vm,drive=n"],
    ...["-drive", `file=${base}/ata,format=raw,if=none,id=s`],
    ...["-device", "ide-hd,drive=s,bus=ide.0"],
    ...["-device", "ipmi-bmc-sim,id=bmc0", "-device", "isa-ipmi-kcs,bmc=bmc0"],
  ], { stdio: ["ignore", "pipe", "pipe"] });
  let console_ = "";
  for (const stream of [vm.stdout, vm.stderr]) stream.on("data", (chunk) => (console_ += chunk));
  process.on("exit", () => vm.kill("SIGKILL"));
  const late = setTimeout(() => vm.kill("SIGKILL"), MAX_SECONDS * 1000);
  await new Promise((resolve) => vm.once("exit", resolve));
  clearTimeout(late);
  if (existsSync(join(figures, "done"))) return;
  failed++;
  console.log(`The guest did not come to its end:\n${console_.slice(-3000)}\n${log()}`);
}

function log(): string {
  const path = join(figures, "log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** A row for each check; what the tool says has to be what the agent has published. */
function report(): void {
  const rows = [["check", "published", "compared", "equal"]];
  const remarks: string[] = [];
  for (const file of readdirSync(figures).filter((name) => name.endsWith(".tool")).sort()) {
    const name = basename(file, ".tool");
    const published = figuresOf(text(`${name}.agent`));
    const tool: Figures = new Map(
      text(file).trim().split("\n").filter((line) => line !== "").map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
    const wrong = [...tool].filter(([metric, value]) => {
      const found = published.get(metric);
      return found === undefined || !isBetween(found, value, value, 0);
    });
    rows.push([name, published.size, tool.size, tool.size - wrong.length].map(String));
    for (const [metric, value] of wrong) {
      remarks.push(`${name}: WRONG, ${metric} is ${published.get(metric)}; the tool says ${value}`);
    }
    if (tool.size === 0) remarks.push(`${name}: the tool says nothing`);
    if (wrong.length > 0 || tool.size === 0) failed++;
  }
  for (const row of rows) console.log(row.map((cell) => cell.padEnd(18)).join("").trim());
  if (remarks.length > 0) console.log(`\n${remarks.join("\n")}\n\n${log()}`);
}

function text(file: string): string {
  const path = join(figures, file);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function say(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
}
