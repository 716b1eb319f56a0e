/**
 * Parses ConfigObj's file format: splits the lines by its rules, and lets `ini` build the tree.
 * Source: https://configobj.readthedocs.io/en/latest/configobj.html#the-config-file-format
 */

import { isRestComment, readTriple, readValue } from "./configobj_values.ts";
import { IniSections } from "./ini_sections.ts";
import { type BrokenLine, isSection, type Leaf, type Section, subsection } from "./tree.ts";

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

/**
 * Reads a whole file. Finds all errors; the tree has the readable part.
 *
 * `ini` cannot read the format itself, because nested `[[headers]]`, lists, quotes and `;` have other
 * meanings there. So ConfigObj's rules are applied here, where errors know their line, and the result is
 * passed on in the syntax that both share.
 */
export function parseConfig(text: string, file: string): Parsed {
  return new ConfigReader(text, file).read();
}

/** A plain object without prototype, so that `__proto__` is a key like any other. */
export function toPlain(section: Section, read: (leaf: Leaf) => unknown): Record<string, unknown> {
  const plain: Record<string, unknown> = Object.create(null);
  for (const [name, node] of section.entries) {
    plain[name] = isSection(node) ? toPlain(node, read) : read(node);
  }
  return plain;
}

class ConfigReader {
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #problems: SyntaxProblem[] = [];
  readonly #sections = new IniSections();
  readonly #broken: { readonly path: readonly string[]; readonly line: BrokenLine }[] = [];
  /** The number of the line that is read, and the index of the one behind it. */
  #at = 0;
  #next = 0;
  #path: readonly string[] = [];
  /** The depth of a header that cannot be read: what follows belongs to no section that is known. */
  #lost = Infinity;

  constructor(text: string, file: string) {
    this.#file = file;
    this.#lines = text.replace(/^\uFEFF/, "").split("\n").map((line) => line.replace(/\r+$/, ""));
  }

  read(): Parsed {
    while (this.#next < this.#lines.length) {
      const line = this.#lines[this.#next++];
      this.#at = this.#next;
      if (!isRestComment(line)) this.#readLine(line);
    }
    const root = this.#sections.tree(this.#file);
    for (const { path, line } of this.#broken) {
      const section = path.reduce<Section | undefined>(subsection, root);
      if (section !== undefined) section.broken ??= line;
    }
    return { root, problems: this.#problems };
  }

  #readLine(line: string): void {
    const header = HEADER.exec(line);
    if (header !== null) return this.#readHeader(line, header);
    if (this.#lost < Infinity) return;
    const keyword = KEYWORD.exec(line);
    if (keyword !== null) return this.#readEntry(keyword);
    const message =
      `cannot read "${line.trim()}": neither a section, nor key = value, nor a # comment`;
    const opened = /^\s*\[[\s[]*/.exec(line)?.[0];
    if (opened === undefined) return this.#fail(message);
    this.#lost = count(opened, "[");
    this.#report(message);
  }

  #readHeader(line: string, header: RegExpExecArray): void {
    const [opened, closed] = [count(header[1], "["), count(header[5], "]")];
    const depth = Math.max(opened, closed);
    if (depth > this.#lost) return;
    const name = header[3] ?? header[4] ?? header[2];
    const path = [...this.#path.slice(0, opened - 1), name];
    const message = opened !== closed
      ? `The section header "${line.trim()}" has ${opened} "[" and ${closed} "]"`
      : opened > this.#path.length + 1
      ? `The section "${name}" is too nested: its parent [${"[".repeat(opened - 2)}…] is missing`
      : this.#sections.has(path)
      ? `duplicate section "${name}"`
      : undefined;
    this.#lost = message === undefined ? Infinity : depth;
    if (message !== undefined) return this.#report(message);
    this.#path = path;
    this.#sections.open(path, { file: this.#file, line: this.#at });
  }

  #readEntry(keyword: RegExpExecArray): void {
    const name = keyword[2] ?? keyword[3] ?? keyword[1];
    const raw = keyword[4].trimEnd();
    const origin = { file: this.#file, line: this.#at };
    const value = TRIPLE.test(raw)
      ? this.#readBlock(name, keyword[4])
      : this.#readValue(name, keyword[4]);
    if (value === undefined) return;
    const path = [...this.#path, name];
    if (this.#sections.has(path)) this.#fail(`duplicate key "${name}"`);
    else this.#sections.add(path, value, { origin, raw });
  }

  #readBlock(name: string, text: string): string | undefined {
    const block = readTriple(this.#lines, this.#next - 1, text);
    if (block === undefined) {
      const quotes = text.slice(0, 3);
      this.#fail(
        `The value of "${name}" begins with ${quotes}, which is not closed as it should be`,
      );
      return undefined;
    }
    this.#next = block.last + 1;
    return block.value;
  }

  #readValue(name: string, text: string): string | string[] | undefined {
    const value = readValue(text);
    if (value !== undefined) return value;
    const raw = text.trimEnd();
    const message = `cannot read the value of "${name}": check its quotes and commas in ${raw}`;
    const isForLog = this.#path.length === 1 && this.#path[0].startsWith("handler_") &&
      name === "args";
    if (!isForLog) {
      this.#fail(message);
      return undefined;
    }
    this.#report(message, true);
    return raw;
  }

  #report(message: string, tolerable = false): void {
    this.#problems.push({ line: this.#at, message, section: this.#path, tolerable });
  }

  /** What the section says is not certain any more. */
  #fail(message: string): void {
    this.#report(message);
    this.#broken.push({
      path: this.#path,
      line: { file: this.#file, line: this.#at, message },
    });
  }
}

function count(text: string, mark: string): number {
  return text.split(mark).length - 1;
}
