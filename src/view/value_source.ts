/** Finds a value in the texts that a collector read: which source, which line, which field. */

import type { Source } from "../ports/trace.ts";

export interface Found {
  readonly what: string;
  /** The line, cut to what can be read. */
  readonly line: string;
  /** The value's place in the line, from 1 on. */
  readonly field: number;
  /** The value is the field times this. */
  readonly factor: number;
}

/** Units in which the kernel counts, and those in which people do. */
const FACTORS = [1, 1024, 512, 4096, 1 / 1024, 1000, 1 / 1000, 1e6, 1 / 1e6, 100, 1 / 100];
const MAX_LINE = 120;
/** What has fewer characters stands in any text: its line must have a word of the metric's name. */
const RARE_LENGTH = 3;

interface Candidate extends Found {
  readonly words: number;
}

/** Undefined where it is in none, or in several that are as good. `words`: of the metric's name. */
export function whereFound(
  value: number | bigint,
  words: readonly string[],
  sources: readonly Source[],
): Found | undefined {
  for (const factor of FACTORS) {
    const wanted = factor === 1 ? value : Number(value) / factor;
    const found = sources.flatMap((source) => candidates(source, wanted, factor, words));
    const best = Math.max(...found.map((one) => one.words));
    const isRare = String(wanted).length >= RARE_LENGTH && factor === 1;
    const chosen = found.filter((one) => one.words === best);
    if (chosen.length === 1 && (best > 0 || isRare)) return chosen[0];
    if (found.length > 0 && factor === 1) return undefined;
  }
  return undefined;
}

function candidates(
  { what, text = "" }: Source,
  value: number | bigint,
  factor: number,
  words: readonly string[],
): Candidate[] {
  const digits = String(value);
  if (!text.includes(digits)) return [];
  const found: Candidate[] = [];
  const inName = words.filter((word) => hasWord(what, word)).length;
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (!line.includes(digits)) continue;
    const fields = fieldsOf(line);
    const places = [...fields.keys()].filter((at) => numberIn(fields[at]) === digits);
    const column = columnOf(lines[index - 1] ?? "", fields, words);
    const isColumn = column !== undefined && places.includes(column);
    if (places.length !== 1 && !isColumn) continue;
    const named = words.filter((word) => hasWord(line, word)).length + inName;
    found.push({
      ...{ what, line: cut(line.trim()), factor },
      field: (isColumn ? column : places[0]) + 1,
      words: isColumn ? named + COLUMN : named,
    });
  }
  return found;
}

/** A column of the right name counts for more than words anywhere. */
const COLUMN = 10;

/** In a table with a head of as many fields, such as /proc/net/snmp: the column that has the metric's name. */
function columnOf(
  head: string,
  fields: readonly string[],
  words: readonly string[],
): number | undefined {
  const names = fieldsOf(head);
  if (names.length !== fields.length || names[0] !== fields[0]) return undefined;
  const at = names.findIndex((name) => words.includes(name));
  return at > 0 ? at : undefined;
}

function fieldsOf(line: string): string[] {
  return line.trim().split(/[\s,;|="]+/).filter((field) => field !== "");
}

function numberIn(field: string): string {
  return field.replace(/^[^\d-]+/, "");
}

function hasWord(text: string, word: string): boolean {
  return word.length > 1 && text.toLowerCase().includes(word.toLowerCase());
}

function cut(line: string): string {
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}
