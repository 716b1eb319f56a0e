/** Source: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html, dev. */

import { defineCollector, MAX_COUNTER, rate } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { bool, byteUnits, list } from "../../core/option.ts";
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
    "{device}.rx_{unit}": rate("Received, in a unit of byte_unit", 0, traits),
    "{device}.tx_{unit}": rate("Sent, in a unit of byte_unit", 0, traits),
    "{device}.{field}": rate("Packets, or errors of a kind", 0, traits),
  },
  prepare({ interfaces, greedy, byte_unit }) {
    const names = interfaces.length === 0 ? "(?!)" : interfaces.join("|");
    return {
      accepts: pythonRegex(`(?:${names})${greedy ? "\\S*" : ""}\\Z`, "match"),
      known: new Map<string, boolean>(),
      units: byte_unit.map((unit) => ({ unit, extras: { scale: byteFactor("byte", unit) } })),
    };
  },

  collect({ host, state, emit }) {
    const lines = host.fs.read("/proc/net/dev");
    while (lines.nextLine()) {
      const device = lines.more ? lines.until(":") : undefined;
      if (device === undefined || device.includes("|")) continue;
      let accepted = state.known.get(device);
      if (accepted === undefined) {
        accepted = state.accepts.test(device);
        state.known.set(device, accepted);
      }
      if (!accepted) continue;
      readColumns(lines, (column, value) => {
        if (column === "rx_bytes" || column === "tx_bytes") {
          const pattern = column === "rx_bytes" ? "{device}.rx_{unit}" : "{device}.tx_{unit}";
          for (const { unit, extras } of state.units) emit(pattern, value, device, unit, extras);
        } else {
          emit("{device}.{field}", value, device, column);
        }
      });
    }
  },
});

function readColumns(line: Cursor, use: (column: string, value: number | bigint) => void): void {
  for (const column of COLUMNS) use(column, line.counter());
}
