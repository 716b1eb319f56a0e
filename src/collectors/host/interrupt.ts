/** Source: https://man7.org/linux/man-pages/man5/proc_interrupts.5.html */

import { defineCollector, MAX_COUNTER, rate } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { internedNumber } from "../../core/interned.ts";
import { bool } from "../../core/option.ts";
import { readCounters } from "../../formats/proc_fields.ts";

const traits = { max: MAX_COUNTER, whole: true };

export default defineCollector({
  name: "InterruptCollector",
  doc: "Interrupts by source and processor",
  path: "interrupts",
  sources: ["/proc/interrupts"],
  options: {
    stable_names: bool(
      false,
      "Name a row by its number or letters alone: Diamond's names hang on the number of processors",
    ),
  },
  metrics: {
    "{row}": rate("Interrupts of a row with one count, such as ERR", 0),
    "{row}.CPU{cpu}": rate("Interrupts by column", 0, traits),
    "{row}.total": rate("Interrupts of all columns", 0, { whole: true }),
  },
  prepare: () => ({
    names: new Map<string, Known>(),
    row: { id: "", counts: [] } as Row,
  }),

  collect({ host, options, state, emit }) {
    const lines = host.fs.read("/proc/interrupts");
    if (!lines.nextLine()) return;
    let columns = 0;
    for (; lines.more; lines.skip()) columns++;
    const { row } = state;
    while (lines.nextLine()) {
      if (!readRow(lines, columns, row)) continue;
      if (row.counts.length === 1 && !lines.more) {
        emit("{row}", row.counts[0], row.id);
        continue;
      }
      const name = nameOf(lines, row, columns);
      let total: number | undefined;
      for (let cpu = 0; cpu < row.counts.length; cpu++) {
        const published = emit("{row}.CPU{cpu}", row.counts[cpu], name, internedNumber(cpu));
        if (published !== undefined) total = (total ?? 0) + published;
      }
      if (total !== undefined) emit("{row}.total", total, name, AS_GAUGE);
    }

    /** `line` stands behind the counts. */
    function nameOf(line: Cursor, row: Row, columns: number): string {
      const known = state.names.get(row.id);
      if (known !== undefined && line.restEquals(known.rest)) return known.name;
      const rest = line.restBytes();
      const text = line.rest();
      // Without a text Diamond makes a name of two counts, another one in each run: kept for rates = diamond alone.
      const original = text !== "" || options.rates === "diamond";
      const name = options.stable_names || !original ? row.id : diamondName(row, text, columns);
      if (text !== "") state.names.set(row.id, { rest, name });
      return name;
    }
  },
});

const AS_GAUGE = { form: "gauge" } as const;

interface Row {
  id: string;
  readonly counts: (number | bigint)[];
}

/** The name of a row for as long as the same stands behind its counts. */
interface Known {
  readonly rest: Uint8Array;
  readonly name: string;
}

/**
 * The counts of a row such as `24:  0  17  PCI-MSI 65536-edge  eth0`, into the one that is there; false for
 * an empty one.
 */
function readRow(line: Cursor, columns: number, row: Row): boolean {
  if (!line.more) return false;
  const id = line.until(":")?.trimEnd();
  if (id === undefined || id === "") return false;
  readCounters(line, columns, row.counts);
  row.id = id;
  return true;
}

/** Diamond's name, rule by rule, for the dashboards that have it. */
function diamondName({ id, counts }: Row, text: string, columns: number): string {
  // The first word behind the counts, and all the rest; where they are missing the last counts stand in.
  const [, word, rest] = /^(\S*)\s*(.*)$/s.exec(text)!;
  const words = [...counts.map(String), ...[word, rest].filter((part) => part !== "")];
  const last = words.at(-1) ?? "";
  const beforeLast = words.at(-2) ?? "";
  const joined = (part: string) => part.replaceAll(" ", "_");
  if (id.length === columns + 1) return id;
  if (id.length === 3) return joined(`${beforeLast} ${last}`);
  return `${joined(beforeLast)}.${joined(last.replaceAll(", ", "-"))}.${id}`;
}
