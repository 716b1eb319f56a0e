/**
 * Parses ConfigObj's file format: splits the lines by its rules, and lets `ini` build the tree.
 * Source: https://configobj.readthedocs.io/en/latest/configobj.html#the-config-file-format
 */

import { parse as parseIni } from "ini";
import {
  type BrokenLine,
  isSection,
  type Leaf,
  newSection,
  type Origin,
  type Section,
  subsection,
} from "./tree.ts";

interface SyntaxProblem {
  readonly line: number;
  readonly message: string;
  /** The names of the sections that the line stands in. */
  readonly section: readonly string[];
  /** In a `[handler_*] args` line: the log's reader has its own rules for it. */
  readonly tolerable: boolean;
}

interface Parsed {
  readonly root: Section;
  readonly problems: readonly SyntaxProblem[];
}

const HEADER = /^\s*(\[[\s[]*)("(.*?)"|'(.*?)'|[^\s"'].*?)((?:\s*\])+)\s*(?:#.*)?$/s;
const KEYWORD = /^\s*("(.*?)"|'(.*?)'|[^"'=].*?)\s*=\s*(.*)$/s;
const TRIPLE = /^("""|''')/;
const REST_IS_COMMENT = /^\s*(?:#.*)?$/s;

/**
 * Reads a whole file. Finds all errors; the tree has the readable part.
 *
 * `ini` cannot read the format itself, because nested `[[headers]]`, lists, quotes and `;` have other
 * meanings there. So ConfigObj's rules are applied here, where errors know their line. The result is
 * passed on in the syntax that both share: `[path.of.sections]`, `key="text"`, `key[]="item"`. Names are
 * encoded, so that dots, brackets and `__proto__` are ordinary letters.
 */
export function parseConfig(text: string, file: string): Parsed {
  const lines = text.replace(/^\uFEFF/, "").split("\n").map((line) => line.replace(/\r+$/, ""));
  const problems: SyntaxProblem[] = [];
  const flat: string[] = [];
  const notes = new Map<string, { origin: Origin; raw: string }>();
  const known = new Set<string>();
  const broken = new Map<string, BrokenLine>();
  let path: string[] = [];
  /** The depth of a header that cannot be read: what follows belongs to no section that is known. */
  let lost = Infinity;

  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    if (REST_IS_COMMENT.test(line)) continue;
    const at = index + 1;
    const report = (message: string, tolerable = false) =>
      problems.push({ line: at, message, section: path, tolerable });
    /** What the section says is not certain any more. */
    const fail = (message: string) => {
      report(message);
      const inner = keyOf(path);
      if (!broken.has(inner)) broken.set(inner, { file, line: at, message });
    };

    const header = HEADER.exec(line);
    if (header !== null) {
      const opened = count(header[1], "[");
      const depth = Math.max(opened, count(header[5], "]"));
      if (depth > lost) continue;
      const found = problems.length;
      lost = Infinity;
      const name = header[3] ?? header[4] ?? header[2];
      if (opened !== count(header[5], "]")) {
        report(
          `The section header "${line.trim()}" has ${opened} "[" and ${count(header[5], "]")} "]"`,
        );
      } else if (opened > path.length + 1) {
        report(
          `The section "${name}" is too nested: its parent [${"[".repeat(opened - 2)}…] is missing`,
        );
      } else {
        const inner = [...path.slice(0, opened - 1), name];
        if (known.has(keyOf(inner))) {
          report(`duplicate section "${name}"`);
        } else {
          path = inner;
          known.add(keyOf(path));
          notes.set(keyOf(path), { origin: { file, line: index + 1 }, raw: "" });
          flat.push(`[${path.map(encode).join(".")}]`);
        }
      }
      if (problems.length > found) lost = depth;
      continue;
    }
    if (lost < Infinity) continue;

    const keyword = KEYWORD.exec(line);
    if (keyword === null) {
      const opened = /^\s*\[[\s[]*/.exec(line)?.[0];
      if (opened !== undefined) lost = count(opened, "[");
      const tell = opened === undefined ? fail : report;
      tell(`cannot read "${line.trim()}": neither a section, nor key = value, nor a # comment`);
      continue;
    }
    const name = keyword[2] ?? keyword[3] ?? keyword[1];
    const raw = keyword[4].trimEnd();
    const start = index;
    let value: string | string[] | undefined;
    if (TRIPLE.test(raw)) {
      const block = readTriple(lines, index, keyword[4]);
      if (block === undefined) {
        fail(
          `The value of "${name}" begins with ${
            raw.slice(0, 3)
          }, which is not closed as it should be`,
        );
        continue;
      }
      value = block.value;
      index = block.last;
    } else {
      value = readValue(keyword[4]);
    }
    const full = [...path, name];
    if (value === undefined) {
      const forLog = path.length === 1 && path[0].startsWith("handler_") && name === "args";
      const message = `cannot read the value of "${name}": check its quotes and commas in ${raw}`;
      if (!forLog) {
        fail(message);
        continue;
      }
      report(message, true);
      value = raw;
    }
    if (known.has(keyOf(full))) {
      fail(`duplicate key "${name}"`);
      continue;
    }
    known.add(keyOf(full));
    notes.set(keyOf(full), { origin: { file, line: start + 1 }, raw });
    flat.push(...written(name, value));
  }

  const root = newSection({ file, line: 0 });
  decodeInto(root, parseIni(flat.join("\n")), [], notes);
  for (const [key, line] of broken) {
    const names: string[] = JSON.parse(key);
    const section = names.reduce<Section | undefined>(subsection, root);
    if (section !== undefined) section.broken = line;
  }
  return { root, problems };
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** A triple-quoted value closes at the next such quotes, with nothing behind them but a comment. */
function readTriple(
  lines: readonly string[],
  first: number,
  start: string,
): { value: string; last: number } | undefined {
  const quotes = start.slice(0, 3);
  let value = "";
  let rest = start.slice(3);
  for (let index = first;; rest = lines[index]) {
    const close = rest.indexOf(quotes);
    if (close >= 0) {
      // On one line, later quotes may be the closing ones; over several, the first ones are.
      for (let at = close; at >= 0; at = rest.indexOf(quotes, at + 1)) {
        if (REST_IS_COMMENT.test(rest.slice(at + 3))) {
          return { value: value + rest.slice(0, at), last: index };
        }
        if (index !== first) break;
      }
      return undefined;
    }
    value += `${rest}\n`;
    if (++index >= lines.length) return undefined;
  }
}

/** A scalar, or a list where there is a comma; undefined where the quotes or commas make no sense. */
function readValue(text: string): string | string[] | undefined {
  const rest = text.trim();
  if (REST_IS_COMMENT.test(rest)) return "";
  if (/^,\s*(?:#.*)?$/s.test(rest)) return [];
  const items: string[] = [];
  let isList = false;
  let at = 0;
  for (;;) {
    const item = readItem(rest.slice(at));
    if (item === undefined) return undefined;
    items.push(item.value);
    at += item.length;
    if (rest[at] !== ",") break;
    isList = true;
    at++;
    if (REST_IS_COMMENT.test(rest.slice(at))) break;
  }
  return isList ? items : items[0];
}

function readItem(text: string): { value: string; length: number } | undefined {
  const blanks = /^\s*/.exec(text)![0].length;
  const quote = text[blanks];
  if (quote === '"' || quote === "'") {
    for (let at = text.indexOf(quote, blanks + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
      const behind = /^\s*/.exec(text.slice(at + 1))![0].length + at + 1;
      if (behind === text.length || text[behind] === "," || text[behind] === "#") {
        return { value: text.slice(blanks + 1, at), length: behind };
      }
    }
    return undefined;
  }
  const bare = /^[^,#]*/s.exec(text)![0];
  const value = bare.trim();
  return value === "" ? undefined : { value, length: bare.length };
}

/** One entry in the part of the format that `ini` reads as it is meant. */
function written(name: string, value: string | readonly string[]): string[] {
  const key = encode(name);
  if (typeof value === "string") return [`${key}=${JSON.stringify(`s${value}`)}`];
  // The first item marks the list, so that an empty one is there too.
  return ["l", ...value.map((item) => `i${item}`)].map((item) =>
    `${key}[]=${JSON.stringify(item)}`
  );
}

/** Letters, digits and `%`, and a few marks that mean nothing to `ini` behind a letter. */
function encode(name: string): string {
  return `k${encodeURIComponent(name.toWellFormed()).replaceAll(".", "%2E")}`;
}

function decode(key: string): string {
  return decodeURIComponent(key.slice(1));
}

function decodeInto(
  section: Section,
  plain: Record<string, unknown>,
  path: readonly string[],
  notes: ReadonlyMap<string, { origin: Origin; raw: string }>,
): void {
  for (const [key, node] of Object.entries(plain)) {
    const name = decode(key);
    const full = [...path, name];
    const { origin, raw } = notes.get(keyOf(full))!;
    if (typeof node === "string" || Array.isArray(node)) {
      const value = typeof node === "string"
        ? node.slice(1)
        : node.slice(1).map((item: string) => item.slice(1));
      section.entries.set(name, { value, raw, origin });
    } else {
      const inner = newSection(origin);
      section.entries.set(name, inner);
      decodeInto(inner, node as Record<string, unknown>, full, notes);
    }
  }
}

/** A plain object without prototype, so that `__proto__` is a key like any other. */
export function toPlain(section: Section, read: (leaf: Leaf) => unknown): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  for (const [name, node] of section.entries) {
    plain[name] = isSection(node) ? toPlain(node, read) : read(node);
  }
  return plain;
}
