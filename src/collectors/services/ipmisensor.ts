/** Source: ipmitool(1), sensor list */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { bool, text } from "../../core/option.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";

/** Columns of the table, with thresholds; the third is the unit, the fourth the state. */
const COLUMNS: readonly (readonly [name: string, column: number])[] = [
  ["Reading", 1],
  ["Lower.NonRecoverable", 4],
  ["Lower.Critical", 5],
  ["Lower.NonCritical", 6],
  ["Upper.NonCritical", 7],
  ["Upper.Critical", 8],
  ["Upper.NonRecoverable", 9],
];

/** By ipmitool's names. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["degrees C", "°C"],
  ["Volts", "V"],
  ["Amps", "A"],
  ["Watts", "W"],
  ["RPM", "rpm"],
  ["percent", "percent"],
]);

const SAID = Object.fromEntries([...UNITS.values()].map((unit) => [unit, ""]));

export default defineCollector({
  name: "IPMISensorCollector",
  doc: "Sensors of the machine's management controller: temperatures, fans, voltages",
  path: "ipmi.sensors",
  sources: ["ipmitool sensor"],
  systems: everySystem,
  options: {
    ...commandOptions("/usr/bin/ipmitool"),
    thresholds: bool(false, "Publish the thresholds too, with the value as Reading"),
    delimiter: text(".", "What stands for blanks in names of sensors"),
  },
  metrics: {
    "{sensor}": gauge("Value of a sensor; a discrete one is a set of flags", 0, SAID),
    "{sensor}.{column}": gauge("With thresholds: the value and its limits", 0, SAID),
  },

  async collect({ host, options, emit, signal, skipLine }) {
    // It ends with 1 where one of the sensors does not answer.
    const isGood = (status: number, output: string) => status === 0 || output.includes("|");
    const output = await run(host, options, ["sensor"], signal, { isGood });
    for (const line of output.split("\n")) {
      if (line.trim() === "") continue;
      const cells = line.split("|").map((cell) => cell.trim());
      const sensor = cells[0].replaceAll(".", "_").replaceAll(" ", options.delimiter);
      const unit = UNITS.get(cells[2]) ?? "";
      let isRead = cells.length > COLUMNS[6][1] && sensor !== "";
      for (const [column, at] of options.thresholds ? COLUMNS : COLUMNS.slice(0, 1)) {
        const cell = cells[at] ?? "na";
        const value = valueOf(cell);
        if (value === undefined) isRead &&= cell === "na";
        else if (options.thresholds) emit("{sensor}.{column}", value, sensor, column, { unit });
        else emit("{sensor}", value, sensor, { unit });
      }
      if (!isRead) skipLine({ source: "ipmitool sensor", line: () => line });
    }
  },
});

/** `18.000`, `0x8080`; undefined for `na` and other words. */
function valueOf(cell: string): number | undefined {
  return /^0x[0-9a-f]+$/i.test(cell) ? Number(cell) : numberIn(cell);
}
