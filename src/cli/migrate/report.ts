/** What `migrate` has found, as a text. */

import type { Observed } from "../../view/observed.ts";
import type { Comparison, Finding } from "../../view/migration.ts";
import { count } from "../../formats/figures.ts";
import { paint, table } from "../text.ts";
import type { Terminal } from "../world.ts";
import type { Note } from "./notes.ts";

export interface Part {
  readonly name: string;
  readonly kind: "collector" | "handler";
  /** `built in`, `plugin, FILE: by Python 3.11`, `missing: why`. */
  readonly origin: string;
  readonly isMissing: boolean;
}

export interface Migration {
  readonly parts: readonly Part[];
  readonly notes: readonly Note[];
  /** Absent where there was nothing to compare with. */
  readonly compared?: {
    readonly with: string;
    readonly unread: number;
    readonly comparison: Comparison;
    /** Why a collector had no data here, by section. */
    readonly failures: Readonly<Record<string, string>>;
  };
  /** Differences that nothing explains, and what is missing. */
  readonly unexplained: number;
}

const MAX_LISTED = 40;

export function migrationText(
  { parts, notes, compared, unexplained }: Migration,
  out: Terminal,
): string {
  const title = (text: string) => `${paint(out, "bold", text)}\n`;
  const lines = [
    title("Collectors and handlers"),
    table(parts.map(({ name, origin }) => [name, origin]), "  ", out.columns),
  ];
  if (compared !== undefined) {
    const { comparison, failures, unread } = compared;
    lines.push(`\n${title(`Compared with ${compared.with}`)}`, summary(comparison, unread));
    lines.push(...failed(failures, out), ...findings(comparison.findings, out));
  }
  lines.push(`\n${title("Also to know")}`, notesText(notes, out));
  const verdict = unexplained === 0 ? paint(out, "green", "Nothing is unexplained") : paint(
    out,
    "red",
    unexplained === 1
      ? "1 thing is unexplained or missing"
      : `${count(unexplained)} things are unexplained or missing`,
  );
  return `${lines.join("")}\n${verdict}\n`;
}

function summary(
  { same, compared, findings, foreign, prefix }: Comparison,
  unread: number,
): string {
  const number = (side: Finding["side"]) =>
    count(findings.filter((one) => one.side === side).length);
  const lines = [
    `${count(same)} names are the same, ${number("gone")} gone, ${number("new")} new`,
    `${count(compared)} have values on both sides; ${
      number("value")
    } of them contradict, the others are within what the rules allow`,
    ...(prefix === undefined ? [] : [
      `the old paths begin with ${prefix.old}, these with ${prefix.ours}: every name changes. Compared as if they were the same`,
    ]),
    ...(foreign === 0 ? [] : [`${count(foreign)} names are of other hosts, and were left aside`]),
    ...(unread === 0 ? [] : [`${count(unread)} lines or files could not be read`]),
  ];
  return lines.map((line) => `  ${line}\n`).join("");
}

function failed(failures: Readonly<Record<string, string>>, out: Terminal): string[] {
  const rows = Object.entries(failures);
  if (rows.length === 0) return [];
  return [`\n${paint(out, "bold", "No data here")}\n`, table(rows, "  ", out.columns)];
}

function findings(all: readonly Finding[], out: Terminal): string[] {
  const open = all.filter(({ rule }) => rule === undefined);
  const rules = new Map<string, Finding[]>();
  for (const one of all) {
    if (one.rule !== undefined) rules.set(one.rule, [...rules.get(one.rule) ?? [], one]);
  }
  const more = open.length - MAX_LISTED;
  const rows = open.slice(0, MAX_LISTED).map((one) => [one.side, one.path, whyOf(one)]);
  const explained = [...rules].map((
    [rule, ones],
  ) => [rule, `${count(ones.length)}, such as ${ones[0].path}: ${ones[0].why}`]);
  return [
    ...(rows.length === 0 ? [] : [
      `\n${paint(out, "bold", "Differences that nothing explains")}\n`,
      table(rows, "  ", out.columns),
    ]),
    ...(more > 0 ? [`  and ${count(more)} more: --json has all of them\n`] : []),
    ...(explained.length === 0
      ? []
      : [`\n${paint(out, "bold", "Explained, by rule")}\n`, table(explained, "  ", out.columns)]),
  ];
}

function whyOf({ side, why, old, ours }: Finding): string {
  return side === "value" ? `${why}: ${range(old)} there, ${range(ours)} here` : why;
}

function range(observed: Observed | undefined): string {
  if (observed === undefined) return "nothing";
  const { min, max } = observed;
  return min === max ? String(min) : `${min} to ${max}`;
}

function notesText(notes: readonly Note[], out: Terminal): string {
  const rows = notes.map((
    { matter, what, todo },
  ) => [matter, todo === undefined ? what : `${what}: ${todo}`]);
  return table(rows, "  ", out.columns);
}
