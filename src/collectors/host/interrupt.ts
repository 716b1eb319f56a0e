/** Source: https://man7.org/linux/man-pages/man5/proc_interrupts.5.html */

import { defineCollector, MAX_COUNTER, rate, type SkipLine } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { badData } from "../../core/errors.ts";
import { internedNumber } from "../../core/interned.ts";
import { bool } from "../../core/option.ts";
import { readNumbers } from "../../formats/proc_fields.ts";

const traits = { max: MAX_COUNTER, whole: true };

export default defineCollector({
  name: "InterruptCollector",
  doc: "Interrupts by source and CPU",
  path: "interrupts",
  sources: ["/proc/interrupts"],
  options: {
    stable_names: bool(
      false,
      "Name a row by its number or letters alone: Diamond's names depend on the number of CPUs",
    ),
  },
  metrics: {
    "{row}": rate("Interrupts of a row with one count, such as ERR", 0, { rare: true }),
    "{row}.CPU{cpu}": rate("Interrupts by column", 0, traits),
    "{row}.total": rate("Interrupts of all columns", 0, { whole: true }),
  },
  prepare: () => ({
    names: new Map<string, Known>(),
    owners: new Map<string, Owner>(),
    row: { id: "", counts: [] } as Row,
    /** 0 while the rows are looked at for the first time. */
    run: 0,
  }),

  collect({ host, options, state, emit, skipLine, log }) {
    const lines = host.fs.read("/proc/interrupts");
    const { row, owners } = state;
    // Which names are shared must be known before the first rate.
    if (state.run === 0) readRows(() => {}, () => {});
    state.run++;
    readRows(skipLine, publish);
    for (const owner of owners.values()) {
      if (!owner.isShared || owner.run !== state.run) continue;
      publish(owner.name, owner.sums, owner.ids !== owner.before);
      owner.before = owner.ids;
    }

    /** Calls back for each row that has its name alone. */
    function readRows(skip: SkipLine, use: typeof publish): void {
      lines.rewind();
      const columns = columnsIn(lines);
      while (lines.nextLine()) {
        const kind = readRow(lines, columns, row);
        if (kind === "unread") skip(lines);
        if (kind === "one" && state.run > 0) emit("{row}", row.counts[0]!, row.id);
        if (kind !== "row") continue;
        const owner = ownerOf(nameOf(lines, row, columns));
        if (owner.run !== state.run) {
          owner.run = state.run;
          owner.ids = row.id;
          if (owner.isShared) owner.sums = [...row.counts];
          else {
            use(owner.name, row.counts, owner.before !== "" && owner.before !== row.id);
            owner.before = row.id;
          }
        } else if (owner.ids.split("\n").includes(row.id)) skip(lines);
        else if (owner.isShared) {
          owner.ids += `\n${row.id}`;
          owner.sums = owner.sums.map((sum, cpu) => plus(sum, row.counts[cpu]));
        } else {
          owner.isShared = true;
          const { name } = owner;
          log.info(`Rows of /proc/interrupts that are called ${name} are published as their sum`);
        }
      }
    }

    function ownerOf(name: string): Owner {
      const known = owners.get(name);
      if (known !== undefined) return known;
      // Without a text behind the counts, Diamond's names come and go.
      if (owners.size >= MAX_OWNERS) owners.clear();
      const owner = { name, run: -1, ids: "", before: "", isShared: false, sums: [] };
      owners.set(name, owner);
      return owner;
    }

    /** `isOther`: the counts are of other rows than the last ones of this name. */
    function publish(name: string, counts: Row["counts"], isOther: boolean): void {
      let total: number | undefined;
      for (let cpu = 0; cpu < counts.length; cpu++) {
        const count = counts[cpu]!;
        const published = isOther
          ? emit("{row}.CPU{cpu}", count, name, internedNumber(cpu), RESTART)
          : emit("{row}.CPU{cpu}", count, name, internedNumber(cpu));
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
const MAX_OWNERS = 10_000;
const RESTART = { restart: true } as const;

interface Row {
  id: string;
  readonly counts: (number | bigint | undefined)[];
}

/** Who has a name. Diamond gives several rows the same one, where it has no number of theirs. */
interface Owner {
  readonly name: string;
  /** The last run that the name came up in. */
  run: number;
  /** The rows of that run, one in each line, and those that the last rate was of. */
  ids: string;
  before: string;
  /** There was more than one: their sum is published. */
  isShared: boolean;
  sums: Row["counts"][number][];
}

/** Undefined never comes: a row is whole. */
function plus(a: Row["counts"][number], b: Row["counts"][number]): number | bigint {
  return typeof a === "number" && typeof b === "number" ? a + b : BigInt(a!) + BigInt(b!);
}

/** The name of a row for as long as the same stands behind its counts. */
interface Known {
  readonly rest: Uint8Array;
  readonly name: string;
}

/** How many processors the first line names. */
function columnsIn(lines: Cursor): number {
  let columns = 0;
  if (lines.nextLine()) { for (; lines.word().startsWith("CPU");) columns++; }
  if (columns === 0) throw badData(`no processors are named at the top of ${lines.source}`);
  return columns;
}

/**
 * The counts of a row such as `24:  0  17  PCI-MSI 65536-edge  eth0`, into the one that is there. A Raspberry
 * Pi's `FIQ:  usb_fiq` has none, and `ERR:  0` has one.
 */
function readRow(line: Cursor, columns: number, row: Row): "row" | "one" | "empty" | "unread" {
  if (!line.more) return "empty";
  const id = line.until(":")?.trimEnd();
  if (id === undefined || id === "") return "unread";
  row.id = id;
  if (!line.startsNumber) return line.skip().startsNumber ? "unread" : "empty";
  const areAll = readNumbers(line, columns, row.counts);
  if (row.counts.length === 1 && !line.more) return areAll ? "one" : "unread";
  // With fewer counts than CPUs, or more, it is unknown whose they are.
  return areAll && row.counts.length === columns && !line.startsNumber ? "row" : "unread";
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
