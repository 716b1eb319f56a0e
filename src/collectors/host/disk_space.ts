/** Source: https://man7.org/linux/man-pages/man5/proc_pid_mounts.5.html and statvfs(3). */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { codeOf, messageOf, noData } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { StatVfs } from "../../ports/probe.ts";
import type { Log } from "../../ports/log.ts";
import { matchesAny, patterns, words } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";

/** A label changes by hand alone; a new mount is looked for at once. */
const LABELS_MS = 60_000;

interface State {
  /** Mount points that do not answer, and those that did not once. */
  readonly stale: Set<string>;
  readonly recovered: Set<string>;
  /** The table of mounts as it was last read, and what of it is wanted: it seldom changes. */
  table: Table | undefined;
  /** By the device that they stand for, and when they were looked up. */
  labels: { readonly names: ReadonlyMap<string, string>; readonly at: number } | undefined;
}

interface Table {
  readonly text: Uint8Array;
  edition: number | undefined;
  readonly mounts: readonly Mount[];
}

type Answer = StatVfs | undefined | Promise<StatVfs | undefined>;

interface Mount {
  readonly device: string;
  readonly point: string;
  readonly kind: string;
  /** With the types of the file systems that it lies on: when one of those hangs, this does. */
  readonly kinds: string;
  /** What the point makes of the metrics' names. */
  readonly name: string;
  /** The device's number, once it has answered: it is another one only where the table is. */
  number: number | undefined;
}

export default defineCollector({
  name: "DiskSpaceCollector",
  doc: "Space and inodes of mounted file systems, by label or mount point",
  path: "diskspace",
  sources: ["/proc/mounts", "statvfs(2)", "/dev/disk/by-label"],
  systems: everySystem,
  options: {
    filesystems: words(
      [
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "glusterfs",
        "nfs",
        "nfs4",
        "ntfs",
        "hfs",
        "fat32",
        "fat16",
        "btrfs",
      ],
      "Types of file systems to publish",
    ),
    exclude_filters: patterns(["^/export/home"], "search", "Mount points to leave out"),
  },
  metrics: {
    "{mount}.{unit}_percentfree": gauge("Space that is free", 2, "percent"),
    "{mount}.{unit}_used": gauge("Space in use", 2),
    "{mount}.{unit}_free": gauge("Space that is free, with root's reserve", 2),
    "{mount}.{unit}_avail": gauge("Space that users can have", 2),
    "{mount}.inodes_percentfree": gauge("Inodes that are free", 0, "percent"),
    "{mount}.inodes_used": gauge("Inodes in use"),
    "{mount}.inodes_free": gauge("Inodes that are free"),
    "{mount}.inodes_avail": gauge("Inodes that users can have"),
    "{mount}.stale": gauge("1 while a network file system does not answer, 0 when it does again"),
  },
  prepare: (): State => ({
    stale: new Set(),
    recovered: new Set(),
    table: undefined,
    labels: undefined,
  }),

  collect(context) {
    const { host, options, state, emit, log } = context;
    const mounts = host.system === "linux"
      ? wantedMounts(host.fs.read("/proc/mounts"))
      : systemMounts(host);
    const labels = currentLabels();
    const devices = new Set<number>();
    let found = 0;
    return askFrom(0);

    function wantedMounts(lines: Cursor): readonly Mount[] {
      const { table } = state;
      if (table !== undefined && isSame(table, lines)) return table.mounts;
      const text = lines.allBytes();
      const mounts = parseMounts(lines).filter(({ kind, point }) =>
        options.filesystems.includes(kind) && !matchesAny(options.exclude_filters, point)
      );
      state.table = { text, edition: lines.edition, mounts };
      state.labels = undefined;
      return mounts;
    }

    function currentLabels(): ReadonlyMap<string, string> {
      const at = host.clock.monotonic();
      if (state.labels === undefined || at - state.labels.at >= LABELS_MS) {
        state.labels = { names: readLabels(host), at };
      }
      return state.labels.names;
    }

    /** One after the other; without a promise as long as none has to be waited for. */
    function askFrom(first: number): void | Promise<void> {
      for (let at = first; at < mounts.length; at++) {
        const mount = mounts[at];
        const answer = ask(mount);
        if (answer instanceof Promise) {
          return answer.then((space) => {
            use(mount, space);
            return askFrom(at + 1);
          });
        }
        use(mount, answer);
      }
      if (found === 0) {
        throw noData(`no file system of the types ${options.filesystems.join(", ")} is mounted`);
      }
    }

    /** Undefined for a file system that was seen under another mount point, and for one that does not answer. */
    function ask(mount: Mount): Answer {
      const { point, kinds } = mount;
      try {
        const answer = whenKnown(
          mount.number ?? host.probe.device(point, kinds, context),
          (number): Answer => {
            mount.number = number;
            if (number === undefined || devices.has(number)) return undefined;
            return whenKnown(host.probe.statvfs(point, kinds, context), (space) => {
              devices.add(number);
              return space;
            });
          },
        );
        return answer instanceof Promise ? answer.catch(silent) : answer;
      } catch (error) {
        return silent(error);
      }

      function silent(error: unknown): undefined {
        if (codeOf(error) === "timeout") tellStale(point, error, state.stale, log);
        else log.debug(`The file system at ${point} cannot be asked: ${messageOf(error)}`);
      }
    }

    function use({ device, point, name: ownName }: Mount, space: StatVfs | undefined): void {
      if (space !== undefined && state.stale.delete(point)) {
        state.recovered.add(point);
        log.info(`The file system at ${point} answers again`);
      }
      const isStale = state.stale.has(point);
      if (space === undefined && !isStale) return;
      found++;
      const label = labels.size > 0 ? labels.get(host.fs.realPath(device) ?? "") : undefined;
      const name = label ?? ownName;
      if (space !== undefined) publish(name, space);
      if (isStale || state.recovered.has(point)) emit("{mount}.stale", isStale ? 1 : 0, name);
    }

    function publish(mount: string, space: StatVfs): void {
      const { blockSize, blocks, blocksFree, blocksAvailable, files, filesFree } = space;
      for (const unit of options.byte_unit) {
        const size = blockSize * byteFactor("byte", unit);
        emit(
          "{mount}.{unit}_percentfree",
          blocks > 0 ? (blocksFree / blocks) * 100 : 0,
          mount,
          unit,
        );
        emit("{mount}.{unit}_used", size * (blocks - blocksFree), mount, unit);
        emit("{mount}.{unit}_free", size * blocksFree, mount, unit);
        emit("{mount}.{unit}_avail", size * blocksAvailable, mount, unit);
      }
      if (host.system === "windows") return;
      if (files > 0) emit("{mount}.inodes_percentfree", (filesFree / files) * 100, mount);
      emit("{mount}.inodes_used", files - filesFree, mount);
      emit("{mount}.inodes_free", filesFree, mount);
      emit("{mount}.inodes_avail", filesFree, mount);
    }
  },
});

function isSame(table: Table, lines: Cursor): boolean {
  if (table.edition !== undefined && table.edition === lines.edition) return true;
  if (!lines.equalsAll(table.text)) return false;
  table.edition = lines.edition;
  return true;
}

/** Goes on at once where there is nothing to wait for. */
function whenKnown<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<Awaited<R>> {
  return value instanceof Promise ? value.then((known) => next(known) as Awaited<R>) : next(value);
}

/** Once when it begins: the others are collected all the same. */
function tellStale(point: string, error: unknown, stale: Set<string>, log: Log): void {
  if (stale.has(point)) return;
  stale.add(point);
  log.warn(
    `The file system at ${point} is stale and left out until it answers: ${messageOf(error)}`,
  );
}

/** Lines such as `/dev/sda1 / ext4 rw 0 0`; what has no device or no place in the tree is left out. */
function parseMounts(lines: Cursor): Mount[] {
  const all: { device: string; point: string; kind: string; paths: readonly string[] }[] = [];
  while (lines.nextLine()) {
    const [device, point, kind] = [lines.word(), unescapeOctal(lines.word()), lines.word()];
    if (!point.startsWith("/") || kind === "") continue;
    const layers = kind === "overlay" ? layersIn(unescapeOctal(lines.word())) : [];
    all.push({ device, point, kind, paths: [point, ...layers] });
  }
  return all.filter(({ device }) =>
    device.includes("/") || device.includes(":") || device === "tmpfs"
  ).map(({ device, point, kind, paths }) => {
    const below = all.filter((other) => paths.some((path) => path.startsWith(`${other.point}/`)));
    return mountOf(device, point, kind, [kind, ...below.map((other) => other.kind)].join(" "));
  });
}

/** The folders that an overlay shows. */
function layersIn(options: string): string[] {
  const named = options.match(/(?<=(?:^|,)(?:lower|upper)dir=)[^,]*/g) ?? [];
  return named.flatMap((paths) => paths.split(":"));
}

function mountOf(device: string, point: string, kind: string, kinds = kind): Mount {
  return { device, point, kind, kinds, name: mountName(point), number: undefined };
}

/** The kernel writes blanks in names as `\040`. */
function unescapeOctal(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\([0-7]{3})/g,
    (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Without a list of mounts: the roots that there usually are. */
function systemMounts({ system, fs }: Host): Mount[] {
  const at = (point: string) => mountOf(point, point, system);
  if (system === "windows") {
    return [..."CDEFGHIJKLMNOPQRSTUVWXYZAB"].map((letter) => `${letter}:\\`).filter((point) =>
      fs.exists(point)
    ).map(at);
  }
  const volumes = system === "darwin" && fs.exists("/Volumes")
    ? fs.list("/Volumes").map((name) => `/Volumes/${name}`)
    : [];
  return ["/", ...volumes].map(at);
}

/** Labels by the device that they stand for. */
function readLabels({ fs }: Host): Map<string, string> {
  const directory = "/dev/disk/by-label";
  const labels = new Map<string, string>();
  for (const label of fs.exists(directory) ? fs.list(directory) : []) {
    // A slash in a name would be a level of the tree: Diamond, too, takes the mount point then.
    if (label.includes("\\x2f")) continue;
    const device = fs.realPath(`${directory}/${label}`);
    if (device !== undefined) labels.set(device, label);
  }
  return labels;
}

/** `/` is `root`, `/var/lib` is `_var_lib`, `/tmp` is `tmp`. */
function mountName(point: string): string {
  const name = point.replaceAll("/", "_").replaceAll(".", "_").replaceAll("\\", "");
  if (name === "_") return "root";
  return name === "_tmp" ? "tmp" : name;
}
