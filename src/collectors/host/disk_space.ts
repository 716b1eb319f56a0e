/** Source: https://man7.org/linux/man-pages/man3/statvfs.3.html; the mounts: `formats/mount_table.ts`. */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { codeOf, messageOf, noData } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { StatVfs } from "../../ports/probe.ts";
import { matchesAny, patterns, words } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { type MountLine, mountsIn } from "../../formats/mount_table.ts";

/** A label changes by hand alone; a new mount is looked for at once. */
const LABELS_MS = 60_000;

interface Mount extends MountLine {
  /** What the point makes of the metrics' names. */
  readonly name: string;
  /** The device's number, once it has answered: it is another one only where the table is. */
  number: number | undefined;
}

interface State {
  readonly mounts: WantedMounts;
  /** Mount points that do not answer, and those that did not once. */
  readonly stale: Set<string>;
  readonly recovered: Set<string>;
}

type Space = Context<typeof options, typeof metrics, State>;
type Answer = StatVfs | undefined | Promise<StatVfs | undefined>;

const options = {
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
};

const metrics = {
  "{mount}.{unit}_percentfree": gauge("Space that is free", 2, "percent"),
  "{mount}.{unit}_used": gauge("Space in use", 2, "{unit}"),
  "{mount}.{unit}_free": gauge("Space that is free, with root's reserve", 2, "{unit}"),
  "{mount}.{unit}_avail": gauge("Space that users can have", 2, "{unit}"),
  "{mount}.inodes_percentfree": gauge("Inodes that are free", 0, "percent"),
  "{mount}.inodes_used": gauge("Inodes in use"),
  "{mount}.inodes_free": gauge("Inodes that are free"),
  "{mount}.inodes_avail": gauge("Inodes that users can have"),
  "{mount}.stale": gauge("1 while a network file system does not answer, 0 when it does again"),
};

export default defineCollector({
  name: "DiskSpaceCollector",
  doc: "Space and inodes of mounted file systems, by label or mount point",
  path: "diskspace",
  sources: ["/proc/mounts", "statvfs(2)", "/dev/disk/by-label"],
  systems: everySystem,
  options,
  metrics,
  prepare: (): State => ({
    mounts: new WantedMounts(),
    stale: new Set(),
    recovered: new Set(),
  }),

  collect(context) {
    return new SpaceRun(context).askFrom(0);
  },
});

/** The mounts that are published, and the labels of their devices: both seldom change. */
class WantedMounts {
  #mounts: readonly Mount[] = [];
  /** The table as it was last read. */
  #table: { readonly text: Uint8Array; edition: number | undefined } | undefined;
  /** By the device that they stand for, and when they were looked up. */
  #labels: { readonly names: ReadonlyMap<string, string>; readonly at: number } | undefined;

  now({ host, options }: Space): readonly Mount[] {
    if (host.system !== "linux") return systemMounts(host);
    const lines = host.fs.read("/proc/mounts");
    if (this.#isSame(lines)) return this.#mounts;
    this.#table = { text: lines.allBytes(), edition: lines.edition };
    this.#labels = undefined;
    return this.#mounts = mountsIn(lines).filter(({ kind, point }) =>
      options.filesystems.includes(kind) && !matchesAny(options.exclude_filters, point)
    ).map(mountOf);
  }

  labels({ host }: Space): ReadonlyMap<string, string> {
    const at = host.clock.monotonic();
    if (this.#labels === undefined || at - this.#labels.at >= LABELS_MS) {
      this.#labels = { names: readLabels(host), at };
    }
    return this.#labels.names;
  }

  #isSame(lines: Cursor): boolean {
    const table = this.#table;
    if (table === undefined) return false;
    if (table.edition !== undefined && table.edition === lines.edition) return true;
    if (!lines.equalsAll(table.text)) return false;
    table.edition = lines.edition;
    return true;
  }
}

/** One run: each file system is asked once, under the first of its mount points. */
class SpaceRun {
  readonly #context: Space;
  readonly #mounts: readonly Mount[];
  readonly #labels: ReadonlyMap<string, string>;
  readonly #devices = new Set<number>();
  #found = 0;

  constructor(context: Space) {
    this.#context = context;
    this.#mounts = context.state.mounts.now(context);
    this.#labels = context.state.mounts.labels(context);
  }

  /** One after the other; without a promise as long as none has to be waited for. */
  askFrom(first: number): void | Promise<void> {
    for (let at = first; at < this.#mounts.length; at++) {
      const mount = this.#mounts[at];
      const answer = this.#ask(mount);
      if (answer instanceof Promise) {
        return answer.then((space) => {
          this.#use(mount, space);
          return this.askFrom(at + 1);
        });
      }
      this.#use(mount, answer);
    }
    if (this.#found === 0) {
      const kinds = this.#context.options.filesystems.join(", ");
      throw noData(`no file system of the types ${kinds} is mounted`);
    }
  }

  /** Undefined for a file system that was seen under another mount point, and for one that does not answer. */
  #ask(mount: Mount): Answer {
    const { host: { probe } } = this.#context;
    try {
      const answer = whenKnown(
        mount.number ?? probe.device(mount.point, mount.kinds, this.#context),
        (number) => this.#askDevice(mount, number),
      );
      return answer instanceof Promise
        ? answer.catch((error) => this.#silent(mount, error))
        : answer;
    } catch (error) {
      return this.#silent(mount, error);
    }
  }

  #askDevice(mount: Mount, number: number | undefined): Answer {
    mount.number = number;
    if (number === undefined || this.#devices.has(number)) return undefined;
    const { probe } = this.#context.host;
    return whenKnown(probe.statvfs(mount.point, mount.kinds, this.#context), (space) => {
      this.#devices.add(number);
      return space;
    });
  }

  /** Logs it once when it begins: the others are collected all the same. */
  #silent({ point }: Mount, error: unknown): undefined {
    const { state: { stale }, log } = this.#context;
    const why = messageOf(error);
    if (codeOf(error) !== "timeout") {
      log.debug(`The file system at ${point} cannot be asked: ${why}`);
    } else if (!stale.has(point)) {
      stale.add(point);
      log.warn(`The file system at ${point} is stale and left out until it answers: ${why}`);
    }
  }

  #use({ device, point, name: ownName }: Mount, space: StatVfs | undefined): void {
    const { host, state: { stale, recovered }, emit, log } = this.#context;
    if (space !== undefined && stale.delete(point)) {
      recovered.add(point);
      log.info(`The file system at ${point} answers again`);
    }
    const isStale = stale.has(point);
    if (space === undefined && !isStale) return;
    this.#found++;
    const label = this.#labels.size > 0
      ? this.#labels.get(host.fs.realPath(device) ?? "")
      : undefined;
    const name = label ?? ownName;
    if (space !== undefined) publish(this.#context, name, space);
    if (isStale || recovered.has(point)) emit("{mount}.stale", isStale ? 1 : 0, name);
  }
}

function publish({ host, options, emit }: Space, mount: string, space: StatVfs): void {
  const { blockSize, blocks, blocksFree, blocksAvailable, files, filesFree } = space;
  for (const unit of options.byte_unit) {
    const size = blockSize * byteFactor("byte", unit);
    const percent = blocks > 0 ? (blocksFree / blocks) * 100 : 0;
    emit("{mount}.{unit}_percentfree", percent, mount, unit);
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

/** Goes on at once where there is nothing to wait for. */
function whenKnown<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<Awaited<R>> {
  return value instanceof Promise ? value.then((known) => next(known) as Awaited<R>) : next(value);
}

function mountOf(line: MountLine): Mount {
  return { ...line, name: mountName(line.point), number: undefined };
}

/** Without a list of mounts: the roots that there usually are. */
function systemMounts({ system, fs }: Host): Mount[] {
  const at = (point: string) => mountOf({ device: point, point, kind: system, kinds: system });
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
