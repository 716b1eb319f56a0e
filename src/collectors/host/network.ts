/** Source: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html, dev. */

import { defineCollector, MAX_COUNTER, rate } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { bool, byteUnits, list } from "../../core/option.ts";
import { readNumbers } from "../../formats/proc_fields.ts";
import { byteFactor } from "../../core/units.ts";
import { pythonRegex } from "../../core/python_regex.ts";

/** The 16 columns, in their order. */
const COLUMNS = ["rx", "tx"].flatMap((direction) =>
  [
    "bytes",
    "packets",
    "errors",
    "drop",
    "fifo",
    ...(direction === "rx"
      ? ["frame", "compressed", "multicast"]
      : ["colls", "carrier", "compressed"]),
  ].map((field) => `${direction}_${field}`)
);

const traits = { max: MAX_COUNTER };
/** Names of interfaces that are remembered. */
const MAX_KNOWN = 1000;

export default defineCollector({
  name: "NetworkCollector",
  doc: "Traffic and errors of network interfaces",
  path: "network",
  sources: ["/proc/net/dev"],
  options: {
    interfaces: list(
      ["eth", "bond", "em", "p1p", "eno", "enp", "ens", "enx"],
      "What names of interfaces begin with: regular expressions",
    ),
    greedy: bool(true, "Whether more may follow; False: the whole name"),
    byte_unit: byteUnits(["bit", "byte"], "Units of traffic; a list publishes each"),
  },
  metrics: {
    "{device}.rx_{unit}": rate("Received, in a unit of byte_unit", 0, {
      ...traits,
      unit: "{unit}/s",
    }),
    "{device}.tx_{unit}": rate("Sent, in a unit of byte_unit", 0, { ...traits, unit: "{unit}/s" }),
    "{device}.{field}": rate("Packets, or errors of a kind", 0, { ...traits, rare: true }),
  },
  prepare({ interfaces, greedy, byte_unit }) {
    // No name at all is the beginning of each, as in Diamond.
    const names = interfaces.join("|");
    return {
      accepts: pythonRegex(`(?:${names})${greedy ? "\\S*" : ""}\\Z`, "match"),
      known: new Map<string, boolean>(),
      values: [] as (number | bigint | undefined)[],
      units: byte_unit.map((unit) => ({ unit, extras: { scale: byteFactor("byte", unit) } })),
    };
  },

  collect({ host, state, emit, skipLine }) {
    const { values, units } = state;
    const lines = host.fs.read("/proc/net/dev");
    while (lines.nextLine()) {
      const device = lines.more ? nameIn(lines) : undefined;
      if (device === undefined) continue;
      let accepted = state.known.get(device);
      if (accepted === undefined) {
        accepted = state.accepts.test(device);
        // Those of containers are new names for ever.
        if (state.known.size >= MAX_KNOWN) state.known.clear();
        state.known.set(device, accepted);
      }
      if (!accepted) continue;
      const areAll = readNumbers(lines, COLUMNS.length, values);
      if (!areAll || values.length < COLUMNS.length) skipLine(lines);
      // What has fewer columns is torn at an unknown place.
      if (values.length < COLUMNS.length) continue;
      for (let at = 0; at < COLUMNS.length; at++) {
        const column = COLUMNS[at];
        const value = values[at];
        if (value === undefined) continue;
        if (column === "rx_bytes" || column === "tx_bytes") {
          const pattern = column === "rx_bytes" ? "{device}.rx_{unit}" : "{device}.tx_{unit}";
          for (const { unit, extras } of units) emit(pattern, value, device, unit, extras);
        } else {
          emit("{device}.{field}", value, device, column);
        }
      }
    }
  },
});

/** What stands before the last colon: until Linux 4.14 a name could have some itself. Undefined for a head line. */
function nameIn(line: Cursor): string | undefined {
  let name = line.until(":");
  if (name === undefined || name.includes("|")) return undefined;
  for (let more = line.until(":"); more !== undefined; more = line.until(":")) name += `:${more}`;
  return name;
}
