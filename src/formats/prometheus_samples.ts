/**
 * Reads all samples of Prometheus' text format, and OpenMetrics', with their labels and types.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Sample {
  readonly name: string;
  /** In the order of the text. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
  /** It only grows, until its program starts again. */
  readonly isCounter: boolean;
}

const LABEL = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;
/** Characters of a line: no name that is made of a longer one could be published. */
const MAX_LINE = 65_536;
/** Characters: a usual exporter's text is one. */
const PIECE = 524_288;
const NAME = /^[A-Za-z_:][\w:]*$/;
const WORDS: Readonly<Record<string, number>> = { NaN: NaN, "+Inf": Infinity, "-Inf": -Infinity };

/** A text in pieces that end with a line, so that other work has its turn between them. */
export function* piecesOf(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    const found = text.indexOf("\n", start + PIECE);
    end = found < 0 ? text.length : found + 1;
    yield text.slice(start, end);
  }
}

/** Hands each sample to `take`, and each line that cannot be read to `skip`. `types`: those of the pieces before. */
export function readSamples(
  text: string,
  take: (sample: Sample) => void,
  skip: (line: string) => void,
  types = new Map<string, string>(),
): void {
  // Cut off one by one: all at once would take many times the memory of the text.
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    const line = text.slice(start, Math.min(end, start + MAX_LINE)).trim();
    if (line === "") continue;
    if (end - start > MAX_LINE) {
      skip(line);
      continue;
    }
    if (line.startsWith("#")) {
      const [, name, type] = /^#\s*TYPE\s+(\S+)\s+(\S+)$/.exec(line) ?? [];
      if (name !== undefined) types.set(name, type);
      continue;
    }
    const sample = sampleOf(line, types);
    if (sample === undefined) skip(line);
    else take(sample);
  }
}

function sampleOf(line: string, types: ReadonlyMap<string, string>): Sample | undefined {
  const open = line.indexOf("{");
  const end = open < 0 ? line.search(/\s/) : closing(line, open);
  if (end < 0) return undefined;
  const name = line.slice(0, open < 0 ? end : open).trim();
  const labels = open < 0 ? [] : labelsOf(line.slice(open + 1, end));
  const [written = ""] = line.slice(end + 1).trim().split(/\s+/, 1);
  const value = Object.hasOwn(WORDS, written) ? WORDS[written] : Number(written);
  const isNumber = written !== "" && (!Number.isNaN(value) || written === "NaN");
  if (!NAME.test(name) || labels === undefined || !isNumber) return undefined;
  return { name, labels, value, isCounter: isCounter(name, types) };
}

/** Where the labels end: a value may have a brace in it. */
function closing(line: string, open: number): number {
  let isQuoted = false;
  for (let at = open + 1; at < line.length; at++) {
    const character = line[at];
    if (isQuoted && character === "\\") at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === "}" && !isQuoted) return at;
  }
  return -1;
}

function labelsOf(text: string): [string, string][] | undefined {
  const labels: [string, string][] = [];
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const found = LABEL.exec(text);
    if (found === null) return undefined;
    const value = found[2].replace(/\\(.)/g, (_, escaped) => escaped === "n" ? "\n" : escaped);
    labels.push([found[1], value]);
  }
  return labels;
}

function isCounter(name: string, types: ReadonlyMap<string, string>): boolean {
  const own = types.get(name);
  if (own !== undefined && own !== "histogram") return own === "counter";
  const [, family, part] = /^(.+)_(total|bucket|sum|count)$/.exec(name) ?? [];
  if (family === undefined) return false;
  const type = types.get(family);
  if (part === "total") return type === undefined || type === "counter";
  return type === "histogram" || (type === "summary" && part !== "bucket");
}
