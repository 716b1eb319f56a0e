/** Source: smartctl(8) */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { bool, list, matchesAny, patterns, section } from "../../core/option.ts";
import { commandOptions, rowsOf, run } from "../../protocols/command.ts";
import { each } from "../../protocols/each.ts";

/** The lower two bits: wrong usage, and a device that cannot be opened. The others tell of the disk's health. */
const FAILED_BITS = 0b11;
/** Columns of smartctl's table. */
const VALUES: Readonly<Record<string, number>> = { value: 3, worst: 4, thresh: 5, raw_val: 9 };

export default defineCollector({
  name: "SmartCollector",
  doc: "SMART attributes of disks; NVMe disks have them by other names",
  path: "smart",
  sources: ["smartctl -A /dev/DISK"],
  systems: everySystem,
  options: {
    ...commandOptions("smartctl"),
    devices: patterns(["^disk[0-9]$|^sd[a-z]$|^hd[a-z]$"], "match", "Names of disks in /dev"),
    attributes: section("Attributes to publish: name or number = True"),
    aliases: section("Other names: a section for each disk, attribute = name"),
    valtypes: list(["value", "worst", "thresh", "raw_val"], "What to publish of each attribute"),
    force_prefails: bool(false, "Publish all attributes of the kind Pre-fail"),
  },
  metrics: { "{disk}.{kind}.{attribute}.{value}": gauge("A column of the attribute's row") },

  async collect({ host, options, emit, signal }) {
    const { devices, attributes, aliases, valtypes, force_prefails } = options;
    const disks = host.fs.list("/dev").filter((name) => matchesAny(devices, name)).sort();
    await each(disks, (disk) => disk, async (disk) => {
      const isGood = (status: number) => (status & FAILED_BITS) === 0;
      const output = await run(host, options, ["-A", `/dev/${disk}`], signal, { isGood });
      for (const row of attributeRows(output)) {
        const [id, title] = row;
        const kind = row[6].toLowerCase();
        const key = title === "Unknown_Attribute" ? id : title.toLowerCase();
        const isWanted = (force_prefails && row[6] === "Pre-fail") || isSet(attributes[key]);
        if (!isWanted) continue;
        const names = aliases[disk] as Readonly<Record<string, string>> | undefined;
        for (const type of valtypes) {
          const value = numberOf(row[VALUES[type]]);
          if (value === undefined) continue;
          emit("{disk}.{kind}.{attribute}.{value}", value, disk, kind, names?.[key] ?? key, type);
        }
      }
    });
  },
});

/** The rows of the table: number, name, flag, value, worst, threshold, type, updated, when failed, raw value. */
function attributeRows(output: string): string[][] {
  const rows = rowsOf(output);
  const heading = rows.findIndex(([, title]) => title === "ATTRIBUTE_NAME");
  return heading < 0
    ? []
    : rows.slice(heading + 1).filter((row) => /^\d+$/.test(row[0]) && row.length > 9);
}

function isSet(value: unknown): boolean {
  return value !== undefined && !["", "False", "false", "0", "no"].includes(String(value));
}

/** `31`; `12/3` is a percentage of whole numbers. */
function numberOf(text: string | undefined): number | undefined {
  const [, whole, part] = /^(\d+)(?:\/(\d+))?$/.exec(text ?? "") ?? [];
  if (whole === undefined) return undefined;
  if (part === undefined) return Number(whole);
  return Number(part) === 0 ? 0 : 100 * Math.floor(Number(whole) / Number(part));
}
