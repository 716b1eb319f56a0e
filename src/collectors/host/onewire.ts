/** Source: https://owfs.org/; a mounted owfs has a folder for each sensor, and a file for each of its values */

import { type Context, defineCollector, gauge } from "../../core/collector.ts";
import { badData, codeOf, noData } from "../../core/errors.ts";
import { many, named, sections, text } from "../../core/option.ts";
import { dotless, numberIn } from "../../formats/flatten.ts";
import { each } from "../../protocols/each.ts";

const alias = text("", "Name in metrics of a file");
const options = {
  owfs: text("/mnt/1wire", "Where owfs is mounted"),
  scan: named(alias, "Files to read of every sensor: file = name in metrics"),
  "id:*": sections(
    { "*": many(alias, "A file of the sensor: file = name in metrics") },
    "Files to read of one sensor, by its ID: 28.2F702A010000",
  ),
};
const metrics = { "{sensor}.{alias}": gauge("What a file of a sensor says") };
type OneWire = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "OneWireCollector",
  doc: "Sensors on a 1-wire bus, by owfs",
  path: "owfs",
  sources: ["/mnt/1wire/SENSOR/FILE"],
  options,
  metrics,

  async collect(context) {
    const { emit } = context;
    const files = await filesOf(context);
    if (files.length === 0) throw noData("neither scan nor a section id:SENSOR names a file");
    await each(files, ({ path }) => path, async ({ path, sensor, name, isScanned }) => {
      const written = await textOf(context, path, isScanned);
      if (written === undefined) return;
      const value = numberIn(written);
      if (value === undefined) throw badData(`"${written.trim()}" is not a number`);
      emit("{sensor}.{alias}", value, dotless(sensor), name);
    });
  },
});

/** Undefined for what a scan does not find: not every sensor has every file. */
async function textOf(
  context: OneWire,
  path: string,
  isScanned: boolean,
): Promise<string | undefined> {
  try {
    return await context.host.probe.read(`${context.options.owfs}/${path}`, context);
  } catch (error) {
    if (isScanned && codeOf(error) === "no-data") return undefined;
    throw error;
  }
}

interface SensorFile {
  readonly path: string;
  readonly sensor: string;
  readonly name: string;
  readonly isScanned: boolean;
}

async function filesOf(context: OneWire): Promise<SensorFile[]> {
  const { host, options: { owfs, scan, "id:*": own } } = context;
  const filesFor = (sensor: string, aliases: ReadonlyMap<string, string>, isScanned: boolean) =>
    [...aliases].map(([file, name]) => ({ path: `${sensor}/${file}`, sensor, name, isScanned }));
  const sensors = scan.size === 0 ? [] : await host.probe.list(owfs, context);
  return [
    // A sensor's ID has a dot: the family, and the number.
    ...sensors.filter((name) => name.includes(".")).sort().flatMap((id) =>
      filesFor(id, scan, true)
    ),
    ...[...own].flatMap(([key, fields]) => filesFor(key.slice("id:".length), fields["*"], false)),
  ];
}
