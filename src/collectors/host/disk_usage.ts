/** Source: https://www.kernel.org/doc/html/latest/admin-guide/iostats.html */

import { type Context, defineCollector, gauge, MAX_COUNTER } from "../../core/collector.ts";
import type { HostFs } from "../../ports/fs.ts";
import { bool, integer, matchesAny, patterns } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { readNumbers } from "../../formats/proc_fields.ts";

const DEVICES =
  "PhysicalDrive[0-9]+$|md[0-9]+$|sd[a-z]+[0-9]*$|x?vd[a-z]+[0-9]*$|disk[0-9]+$|nvme[0-9]+n[0-9]+(p[0-9]+)?$|dm\\-[0-9]+$";
/** The columns behind the device's name; newer kernels have more. */
const COLUMNS = [
  "reads",
  "reads_merged",
  "reads_sectors",
  "reads_milliseconds",
  "writes",
  "writes_merged",
  "writes_sectors",
  "writes_milliseconds",
  "io_in_progress",
  "io_milliseconds",
  "io_milliseconds_weighted",
] as const;
type Column = typeof COLUMNS[number];
/** Those that are published as they are. */
const PLAIN = COLUMNS.filter((column) => column !== "reads_sectors" && column !== "writes_sectors")
  .map((column) => ({ column, pattern: `{device}.${column}` as const }));
/** Of a partition, until Linux 2.6.25. */
const OLD_COLUMNS = 4;
const MAX_32 = 2 ** 32 - 1;
/** By column: where it wraps around. */
const MOST = COLUMNS.map((column) => column.endsWith("sectors") ? MAX_COUNTER : MAX_32);

const options = {
  devices: patterns([DEVICES], "match", "Disks to publish, by their kernel names"),
  exclude_devices: patterns([], "match", "Disks to leave out of them"),
  sector_size: integer(512, "Bytes of a sector in the kernel's counts", { min: 1 }),
  send_zero: bool(false, "Publish disks without requests too"),
  persistent_naming: bool(false, "Name a disk by model and serial number, as udev knows them"),
};

const p = 3;
const metrics = {
  "{device}.reads": gauge("Reads completed since the last run", p),
  "{device}.reads_merged": gauge("Reads merged since the last run", p),
  "{device}.reads_{unit}": gauge("Read since the last run", p, "{unit}"),
  "{device}.reads_milliseconds": gauge("Time that reads took since the last run", p, "ms"),
  "{device}.writes": gauge("Writes completed since the last run", p),
  "{device}.writes_merged": gauge("Writes merged since the last run", p),
  "{device}.writes_{unit}": gauge("Written since the last run", p, "{unit}"),
  "{device}.writes_milliseconds": gauge("Time that writes took since the last run", p, "ms"),
  "{device}.io_in_progress": gauge("Requests under way", p),
  "{device}.io_milliseconds": gauge("Time with requests under way since the last run", p, "ms"),
  "{device}.io_milliseconds_weighted": gauge("The same, times the requests", p, "ms"),
  "{device}.read_requests_merged_per_second": gauge("Reads merged per second", p),
  "{device}.write_requests_merged_per_second": gauge("Writes merged per second", p),
  "{device}.reads_per_second": gauge("Reads per second", p),
  "{device}.writes_per_second": gauge("Writes per second", p),
  "{device}.read_{unit}_per_second": gauge("Read per second", p, "{unit}/s"),
  "{device}.write_{unit}_per_second": gauge("Written per second", p, "{unit}/s"),
  "{device}.average_request_size_{unit}": gauge("Size of a request", p, "{unit}"),
  "{device}.io": gauge("Requests since the last run", p),
  "{device}.iops": gauge("Requests per second", p),
  "{device}.average_queue_length": gauge("Requests under way, on average", p),
  "{device}.util_percentage": gauge("Time with requests under way", p, "percent"),
  "{device}.read_await": gauge("Time per read, with the wait", p, "ms"),
  "{device}.write_await": gauge("Time per write, with the wait", p, "ms"),
  "{device}.await": gauge("Time per request, with the wait", p, "ms"),
  "{device}.service_time": gauge("Busy time per request", p, "ms"),
  "{device}.concurrent_io": gauge("Requests per second times their service time", p),
};

type Name = keyof typeof metrics;
type UnitPattern = Extract<Name, `${string}{unit}${string}`>;
type Pattern = Exclude<Name, UnitPattern>;

/** What is known of a line's device. */
interface Disk {
  readonly major: string;
  readonly minor: string;
  /** Undefined where it is not published. */
  readonly name: string | undefined;
  /** By column: under which its last value is kept. */
  readonly keys: readonly string[];
}

/** NaN for what is not known: it costs what is made of it, and nothing else. */
type Growths = Record<Column, number>;

interface State {
  /** By the device's name. */
  readonly disks: Map<string, Disk>;
  /** Of a line, by column: filled again for each one. */
  readonly values: (number | bigint | undefined)[];
  readonly units: readonly { readonly unit: string; readonly factor: number }[];
}

type Usage = Context<typeof options, typeof metrics, State>;

export default defineCollector({
  name: "DiskUsageCollector",
  doc: "Requests, traffic, waits and load of disks; nothing for a disk without requests",
  path: "iostat",
  sources: ["/proc/diskstats", "/run/udev/data"],
  options,
  metrics,
  prepare: ({ byte_unit, sector_size }): State => ({
    disks: new Map(),
    values: [],
    units: byte_unit.map((unit) => ({ unit, factor: byteFactor("byte", unit) * sector_size })),
  }),

  collect(context) {
    const { host, options, state: { values }, delta, skipLine } = context;
    const lines = host.fs.read("/proc/diskstats");
    while (lines.nextLine()) {
      const major = lines.word();
      const minor = lines.word();
      const device = lines.word();
      if (device === "" || device.startsWith("ram") || device.startsWith("loop")) continue;
      const { name, keys } = diskOf(context, major, minor, device);
      if (name === undefined) continue;
      const areAll = readNumbers(lines, COLUMNS.length, values);
      // Old kernels have four columns for a partition.
      const isOld = areAll && values.length === OLD_COLUMNS;
      if (!areAll || (values.length < COLUMNS.length && !isOld)) skipLine(lines);
      if (values.length < COLUMNS.length) continue;
      const grown = growths(values, keys, delta);
      const io = grown.reads + grown.writes;
      if (io > 0 || (io === 0 && options.send_zero)) publish(context, name, grown);
    }
  },
});

function diskOf(
  { host, options, state }: Usage,
  major: string,
  minor: string,
  device: string,
): Disk {
  const known = state.disks.get(device);
  if (known !== undefined && known.major === major && known.minor === minor) return known;
  const number = `${major}:${minor}`;
  const wanted = matchesAny(options.devices, device) &&
    !matchesAny(options.exclude_devices, device);
  const name = wanted && options.persistent_naming ? udevName(host.fs, number) ?? device : device;
  const disk: Disk = {
    major,
    minor,
    name: wanted ? name.replaceAll("/", "_") : undefined,
    keys: COLUMNS.map((column) => `${number} ${device} ${column}`),
  };
  state.disks.set(device, disk);
  return disk;
}

function publish(context: Usage, device: string, grown: Growths): void {
  const { reads, writes } = grown;
  const { emit, elapsed: seconds } = context;
  const io = reads + writes;
  const serviceTime = per(grown.io_milliseconds, io);
  for (const { column, pattern } of PLAIN) put(emit, pattern, grown[column], device);
  put(emit, "{device}.read_requests_merged_per_second", grown.reads_merged / seconds, device);
  put(emit, "{device}.write_requests_merged_per_second", grown.writes_merged / seconds, device);
  put(emit, "{device}.reads_per_second", reads / seconds, device);
  put(emit, "{device}.writes_per_second", writes / seconds, device);
  publishBytes(context, device, grown);
  put(emit, "{device}.io", io, device);
  put(emit, "{device}.iops", io / seconds, device);
  const weighted = grown.io_milliseconds_weighted / seconds / 1000;
  put(emit, "{device}.average_queue_length", weighted, device);
  put(emit, "{device}.util_percentage", grown.io_milliseconds / seconds / 10, device);
  put(emit, "{device}.read_await", per(grown.reads_milliseconds, reads), device);
  put(emit, "{device}.write_await", per(grown.writes_milliseconds, writes), device);
  const waited = grown.reads_milliseconds + grown.writes_milliseconds;
  put(emit, "{device}.await", per(waited, io), device);
  put(emit, "{device}.service_time", serviceTime, device);
  const concurrent = ((reads / seconds + writes / seconds) * serviceTime) / 1000;
  put(emit, "{device}.concurrent_io", concurrent, device);
}

function publishBytes({ state, emit, elapsed }: Usage, device: string, grown: Growths): void {
  const io = grown.reads + grown.writes;
  for (const { unit, factor } of state.units) {
    const read = grown.reads_sectors * factor;
    const written = grown.writes_sectors * factor;
    putIn(emit, "{device}.reads_{unit}", read, device, unit);
    putIn(emit, "{device}.writes_{unit}", written, device, unit);
    putIn(emit, "{device}.read_{unit}_per_second", read / elapsed, device, unit);
    putIn(emit, "{device}.write_{unit}_per_second", written / elapsed, device, unit);
    putIn(emit, "{device}.average_request_size_{unit}", per(read + written, io), device, unit);
  }
}

function put(emit: Usage["emit"], pattern: Pattern, value: number, device: string): void {
  if (!Number.isNaN(value)) emit(pattern, value, device);
}

function putIn(
  emit: Usage["emit"],
  pattern: UnitPattern,
  value: number,
  device: string,
  unit: string,
): void {
  if (!Number.isNaN(value)) emit(pattern, value, device, unit);
}

/** NaN where one of them is not known. */
function per(sum: number, count: number): number {
  return count === 0 ? 0 : sum / count;
}

/** Requests under way are a gauge, not a counter. */
function growths(
  values: readonly (number | bigint | undefined)[],
  keys: readonly string[],
  delta: Context["delta"],
): Growths {
  const grown = {} as Growths;
  for (let index = 0; index < COLUMNS.length; index++) {
    const column = COLUMNS[index];
    const value = values[index];
    const isCounter = column !== "io_in_progress";
    grown[column] = value === undefined
      ? NaN
      : isCounter
      ? delta(keys[index], value, MOST[index]) ?? NaN
      : Number(value);
  }
  return grown;
}

/** `MODEL-SERIAL`, with `-partN` for a partition; undefined where udev does not know the disk. */
function udevName(fs: HostFs, number: string): string | undefined {
  const lines = fs.tryRead(`/run/udev/data/b${number}`);
  const found = new Map<string, string>();
  while (lines?.nextLine()) {
    if (!lines.starts("E:")) continue;
    const [name, ...value] = lines.line().slice(2).split("=");
    found.set(name, value.join("="));
  }
  const [model, serial, partition] = ["ID_MODEL", "ID_SERIAL", "ID_PART_ENTRY_NUMBER"].map((name) =>
    found.get(name)
  );
  if (model === undefined || serial === undefined) return undefined;
  return `${model}-${serial}${partition === undefined ? "" : `-part${partition}`}`;
}
