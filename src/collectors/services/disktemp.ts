/** Source: the kernel's hwmon (drivetemp, nvme), hddtemp(8), smartctl(8) */

import { type Context, defineCollector, gauge } from "../../core/collector.ts";
import { badData, noData } from "../../core/errors.ts";
import { patterns } from "../../core/option.ts";
import { numberIn } from "../../formats/flatten.ts";
import { numberOf } from "../../formats/number_file.ts";
import type { HostFs } from "../../ports/fs.ts";
import { commandOptions, run } from "../../protocols/command.ts";
import { each } from "../../protocols/each.ts";

const options = {
  ...commandOptions("hddtemp"),
  devices: patterns(
    ["^disk[0-9]$|^sd[a-z]$|^hd[a-z]$"],
    "match",
    "Names of disks in /dev; groups in parentheses make the name in metrics",
  ),
};
const metrics = { "{disk}.Temperature": gauge("Temperature of a disk", 0, "°C") };
type Disks = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "DiskTemperatureCollector",
  doc: "Temperatures of disks, from the kernel, or else from hddtemp or smartctl",
  path: "disktemp",
  sources: [
    "/sys/block/DISK/device/hwmon*/temp1_input",
    "hddtemp -n /dev/DISK",
    "smartctl -j -A /dev/DISK",
  ],
  options,
  metrics,

  async collect(context) {
    const { host, options, emit } = context;
    const found = host.fs.list("/dev").sort().flatMap((disk) => {
      const match = options.devices.compiled.map((pattern) => pattern.exec(disk)).find(Boolean);
      return match ? [{ disk, name: match.slice(1).filter(Boolean).join(".") || disk }] : [];
    });
    if (found.length === 0) throw noData("no disk in /dev has a name that devices matches");
    await each(found, ({ disk }) => disk, async ({ disk, name }) => {
      const temperature = fromKernel(context, disk) ?? await fromProgram(context, disk);
      emit("{disk}.Temperature", temperature, name);
    });
  },
});

function fromKernel({ host: { fs }, skipLine }: Disks, disk: string): number | undefined {
  for (const chip of chipsOf(fs, disk)) {
    const value = numberOf(fs, `${chip}/temp1_input`, skipLine);
    if (value !== undefined) return value / 1000;
  }
  return undefined;
}

/** Folders of a disk's sensors: below its device, and since Linux 5.5 in a folder hwmon there; or as the class has them. */
function chipsOf(fs: HostFs, disk: string): readonly string[] {
  const device = `/sys/block/${disk}/device`;
  const chipsIn = (folder: string) =>
    namesIn(fs, folder).filter((name) => /^hwmon\d+$/.test(name)).map((name) =>
      `${folder}/${name}`
    );
  return [
    ...chipsIn(`${device}/hwmon`),
    ...chipsIn(device),
    ...chipsIn("/sys/class/hwmon").filter((chip) =>
      fs.exists(`${chip}/device/block/${disk}`) || fs.exists(`${chip}/device/${disk}`)
    ),
  ];
}

function namesIn(fs: HostFs, folder: string): string[] {
  return fs.exists(folder) ? fs.list(folder) : [];
}

async function fromProgram({ host, options, signal }: Disks, disk: string): Promise<number> {
  const device = `/dev/${disk}`;
  if (options.bin.includes("/") || host.exec.find(options.bin) !== undefined) {
    const output = (await run(host, options, ["-n", device], signal)).trim();
    const value = numberIn(output);
    if (value === undefined) throw noData(`hddtemp has no temperature of ${device}: "${output}"`);
    return value;
  }
  const bin = host.exec.find("smartctl");
  if (bin === undefined) {
    throw noData(
      `the kernel has no temperature of ${device} (load drivetemp, or install smartmontools)`,
    );
  }
  return await fromSmartctl(host, { ...options, bin }, device, signal);
}

/** A disk that sleeps is left alone. */
async function fromSmartctl(
  host: Disks["host"],
  command: Parameters<typeof run>[1],
  device: string,
  signal: AbortSignal,
): Promise<number> {
  const args = ["-n", "standby", "-j", "-A", device];
  const output = await run(host, command, args, signal, { isGood: (_, text) => text !== "" });
  const value = temperatureIn(output);
  if (value === undefined) throw noData(`smartctl has no temperature of ${device}`);
  return value;
}

function temperatureIn(output: string): number | undefined {
  try {
    const { temperature } = JSON.parse(output);
    return typeof temperature?.current === "number" ? temperature.current : undefined;
  } catch (error) {
    throw badData("smartctl does not answer with JSON: it is older than 7.0", error);
  }
}
