/**
 * What scripts print, in the forms that people's scripts have: lines of a name and a value, Graphite's
 * lines, Nagios' performance data, JSON, Prometheus' text.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

import { isNumber } from "../core/cursor.ts";
import { isFiniteNumber } from "./flatten.ts";
import { perfdataIn } from "./perfdata.ts";

export const scriptFormats = ["plain", "graphite", "nagios", "json", "prometheus"] as const;
export type ScriptFormat = typeof scriptFormats[number];

interface ScriptValue {
  readonly name: string;
  readonly value: number;
  /** It was printed with a point. */
  readonly isFraction: boolean;
  /** Seconds since the epoch; absent: now. */
  readonly timestamp?: number;
}

interface ScriptOutput {
  readonly values: readonly ScriptValue[];
  /** The first line that could not be read. */
  readonly bad?: string;
}

const GRAPHITE_LINE = /^\s*\S+\s+\S+\s+(-1|\d{9,11}(\.\d+)?)\s*$/;
/** What Python splits bytes at: a line separator of Unicode's is a part of a name. */
const BLANKS = /[ \t\r\v\f]+/;
const BLANK = " \t\r\v\f";
/** The longest line that is read. Expressions take a time that grows with its square. */
const MAX_LINE = 4096;

/** What the output looks like; `plain` where that is not sure. */
export function formatOf(output: string): ScriptFormat {
  const text = output.trimStart();
  // Names of the operator's may begin like that, too.
  if (/^[{[]/.test(text)) return isJson(text) ? "json" : "plain";
  if (/^# (TYPE|HELP) /m.test(text) || /^[A-Za-z_:][\w:]*\{[^}]*\}\s+\S+/.test(text)) {
    return "prometheus";
  }
  if (/^[^\n|]*\|\s*('[^']*'|[^\s=]+)=[-\d.U]/.test(text)) return "nagios";
  // Three words could be anything: all lines have to be such, with a time of our days.
  const lines = text.trimEnd().split("\n").filter((line) => line.trim() !== "");
  const isGraphite = (line: string) => line.length <= MAX_LINE && GRAPHITE_LINE.test(line);
  if (lines.every(isGraphite) && lines.length > 0) return "graphite";
  return "plain";
}

/** `script`: what stands before names that mean nothing alone; `status`: of its end. */
export function readScript(
  output: string,
  format: ScriptFormat,
  script: string,
  status: number | null,
): ScriptOutput {
  if (format === "json") return readJson(output);
  if (format === "nagios") return readNagios(output, script, status);
  return readLines(
    output,
    { plain: plainLine, graphite: graphiteLine, prometheus: sampleLine }[format],
  );
}

/** Reads a line. Undefined: the line has another format. Null: the line has no value. */
type LineReader = (line: string) => ScriptValue | null | undefined;

function readLines(output: string, read: LineReader): ScriptOutput {
  const values: ScriptValue[] = [];
  let bad: string | undefined;
  for (const line of output.split("\n")) {
    const text = trimmed(line);
    if (text === "") continue;
    const value = text.length > MAX_LINE ? undefined : read(text);
    if (value === undefined) bad ??= line;
    else if (value !== null) values.push(value);
  }
  return { values, bad };
}

function plainLine(line: string): ScriptValue | undefined {
  const [name, text, ...more] = line.split(BLANKS);
  const read = text === undefined || more.length > 0 ? undefined : valueOf(name, text);
  if (read === undefined || read.isFraction) return read;
  // Diamond rounds what has no point: `5e-1` is 1.
  return { ...read, value: Math.sign(read.value) * Math.round(Math.abs(read.value)) };
}

function trimmed(line: string): string {
  let [start, end] = [0, line.length];
  while (start < end && BLANK.includes(line[start])) start++;
  while (end > start && BLANK.includes(line[end - 1])) end--;
  return line.slice(start, end);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A time of -1, or none, is now. */
function graphiteLine(line: string): ScriptValue | undefined {
  const [name, text, time = "-1", ...more] = line.split(BLANKS);
  const seconds = Number(time);
  if (text === undefined || more.length > 0 || !isNumber(time)) return undefined;
  return valueOf(name, text, seconds < 0 ? undefined : Math.floor(seconds));
}

/** Reads `name{a="b"} 1 [milliseconds]` as name.b. Values that are not finite (NaN, +Inf) are skipped. */
function sampleLine(line: string): ScriptValue | null | undefined {
  if (line.startsWith("#")) return null;
  const [, name, labels = "", text, time] =
    /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+(-?\d+))?$/s.exec(line) ?? [];
  // A comment may stand above plain lines.
  if (name === undefined) return plainLine(line);
  if (/^([+-]?Inf|NaN)$/.test(text)) return null;
  const parts = [...labels.matchAll(/[A-Za-z_]\w*="((?:[^"\\]|\\.)*)"/gs)].map((match) =>
    match[1].replace(/\\(.)/gs, "$1").replace(/[\s.]+/g, "_")
  );
  const path = [name, ...parts].join(".");
  return valueOf(path, text, time === undefined ? undefined : Math.floor(Number(time) / 1000));
}

/** `text | 'label'=value[unit];warn;crit;min;max …`, on the first line and at the end of the long text. */
function readNagios(output: string, script: string, status: number | null): ScriptOutput {
  const values: ScriptValue[] = [];
  let bad: string | undefined;
  const data = output.split("\n").map((line, index) => {
    const bar = line.indexOf("|");
    return bar >= 0
      ? line.slice(bar + 1)
      : index > 0 && /^\s*('[^']+'|\S+)=/.test(line)
      ? line
      : "";
  }).join(" ");
  for (const { item, label, written, factor } of perfdataIn(data)) {
    if (written === "U") continue;
    if (factor === undefined || !Number.isFinite(Number(written))) bad ??= item;
    else {
      const name = label.replace(/[\s.]+/g, "_");
      const value = Number(written) * factor;
      values.push({ name: `${script}.${name}`, value, isFraction: !Number.isInteger(value) });
    }
  }
  // 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
  if (status !== null) values.push({ name: `${script}.status`, value: status, isFraction: false });
  return { values, bad };
}

/** Objects and lists flattened: `{"a":{"b":[1]}}` is a.b.0. Texts and nulls are left out. */
function readJson(output: string): ScriptOutput {
  const values: ScriptValue[] = [];
  const walk = (name: string, node: unknown): void => {
    if (isFiniteNumber(node)) {
      values.push({ name, value: node, isFraction: !Number.isInteger(node) });
    } else if (typeof node === "boolean") {
      values.push({ name, value: node ? 1 : 0, isFraction: false });
    } else if (typeof node === "object" && node !== null) {
      for (const [key, inner] of Object.entries(node)) {
        walk(name === "" ? key : `${name}.${key}`, inner);
      }
    }
  };
  try {
    walk("", JSON.parse(output));
    return { values };
  } catch {
    return { values: [], bad: output.trim().slice(0, 80) };
  }
}

function valueOf(name: string, text: string, timestamp?: number): ScriptValue | undefined {
  if (!isNumber(text) || !Number.isFinite(Number(text))) return undefined;
  const isFraction = text.includes(".");
  return { name, value: Number(text), isFraction, ...(timestamp !== undefined && { timestamp }) };
}
