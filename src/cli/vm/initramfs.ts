/** `initramfs`: makes what a kernel starts a VM from: this executable, its libraries, a configuration. */

import { resolveSettings } from "../../config/resolve.ts";
import { configError } from "../../core/errors.ts";
import { runtimeEnvironment } from "../../core/runtime_settings.ts";
import { cpio, type CpioEntry } from "../../formats/cpio.ts";
import { type Machine, stageZero } from "../../formats/init_stub.ts";
import { type CommandSpec, configFlag, configPath, DEFAULT_CONFIG } from "../command.ts";
import { UsageError } from "../flags.ts";
import { DRIVERS } from "./init.ts";
import { tellProblems } from "../problems_out.ts";
import type { World } from "../world.ts";

const PROGRAM = "/diamond-agent";
const FOLDERS = ["/proc", "/sys", "/dev", "/run", "/tmp", "/var/lib/diamond", "/var/log/diamond"];
const HOSTS = "127.0.0.1 localhost\n::1 localhost\n";
const ENVIRONMENT = [
  "PATH=/bin:/usr/bin:/sbin:/usr/sbin",
  "TERM=linux",
  ...runtimeEnvironment,
];

export function initramfsCommand(world: World): CommandSpec {
  return {
    name: "initramfs",
    summary:
      "Make what a kernel starts a VM from: this executable and a diamond.conf, nothing else",
    operands: "FILE [MODULE…]",
    args: {
      words: { type: "positional", required: false, description: "FILE [DRIVER.ko …]" },
      ...configFlag,
    },
    examples: [
      "diamond-agent initramfs vm.img -c diamond.conf",
      "diamond-agent initramfs vm.img virtio_net.ko -c diamond.conf     with drivers, in this order",
    ],
    notes:
      "The VM needs 384 MB. Its network is on the kernel's command line: see `diamond-agent help init`.",
    async run(flags) {
      const [file, ...drivers] = flags.words;
      if (file === undefined) throw new UsageError("Into which file? diamond-agent initramfs FILE");
      const { target, compiled } = world.buildInfo;
      if (!compiled || !/^linux-(x64|arm64)/.test(target)) {
        throw configError(
          `only an executable for Linux makes one; this is ${compiled ? target : "the source"}`,
        );
      }
      const [program] = world.command();
      const machine = target.split("-")[1] as Machine;
      const config = configPath(world, flags);
      const { files, catalogue } = world;
      const settings = await resolveSettings({ path: config, files, catalogue, only: [] });
      tellProblems(world.err, settings.problems);
      const [main, ...more] = settings.files;
      const maps = world.host({}).fs.read("/proc/self/maps").text();
      const copied: (readonly [to: string, from: string, mode: number])[] = [
        [PROGRAM, program, 0o755],
        [DEFAULT_CONFIG, main, 0o644],
        ...more.map((path) => [path, path, 0o644] as const),
        ...libraries(maps).map((path) => [`/lib/${baseName(path)}`, path, 0o755] as const),
        ...drivers.map((path, index) =>
          [`${DRIVERS}/${String(index).padStart(2, "0")}-${baseName(path)}`, path, 0o644] as const
        ),
      ];
      const folders = [...FOLDERS, ...copied.map(([to]) => to.slice(0, to.lastIndexOf("/")))];
      const entries: CpioEntry[] = [
        ...withParents(folders).map((path) => ({ path, kind: "folder" }) as const),
        { path: "/lib64", kind: "link", target: "lib" },
        {
          path: "/init",
          kind: "file",
          mode: 0o755,
          bytes: stageZero(machine, [PROGRAM, "init"], ENVIRONMENT),
        },
        { path: "/etc/hosts", kind: "file", mode: 0o644, bytes: new TextEncoder().encode(HOSTS) },
        ...copied.map(([path, from, mode]) =>
          ({ path, kind: "file", mode, bytes: world.readFile(files.absolute(from)) }) as const
        ),
      ];
      const bytes = await world.writePieces(world.files.absolute(file), cpio(entries));
      world.out.write(`${file}: ${Math.round(bytes / 1e6)} MB, ${entries.length} entries\n`);
      return 0;
    },
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Each folder after the one that it is in. */
function withParents(folders: readonly string[]): string[] {
  const all = new Set<string>();
  for (const folder of folders) {
    const parts = folder.split("/").filter(Boolean);
    for (let depth = 1; depth <= parts.length; depth++) {
      all.add(`/${parts.slice(0, depth).join("/")}`);
    }
  }
  return [...all].sort();
}

/** Those that are loaded into this very process. */
function libraries(maps: string): string[] {
  const paths = maps.split("\n").map((line) =>
    /(\/\S*\/(?:lib|ld-)[^/\s]*\.so[^/\s]*)$/.exec(line)?.[1]
  );
  return [...new Set(paths.filter((path) => path !== undefined))];
}
