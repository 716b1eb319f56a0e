/**
 * Sections and entries in the part of the format that `ini` reads as it is meant: `[path.of.sections]`,
 * `key="text"`, `key[]="item"`. Names are encoded, so that dots, brackets and `__proto__` are ordinary letters.
 */

import { parse as parseIni } from "ini";
import { newSection, type Origin, type Section } from "./tree.ts";

interface Note {
  readonly origin: Origin;
  readonly raw: string;
}

export class IniSections {
  readonly #lines: string[] = [];
  /** By path: what `ini` does not keep. */
  readonly #notes = new Map<string, Note>();

  has(path: readonly string[]): boolean {
    return this.#notes.has(keyOf(path));
  }

  /** Begins a section. */
  open(path: readonly string[], origin: Origin): void {
    this.#notes.set(keyOf(path), { origin, raw: "" });
    this.#lines.push(`[${path.map(encode).join(".")}]`);
  }

  /** Adds an entry to the section that was opened last. `raw` is the value as it was written. */
  add(path: readonly string[], value: string | readonly string[], note: Note): void {
    this.#notes.set(keyOf(path), note);
    this.#lines.push(...written(path.at(-1)!, value));
  }

  /** All of them, below a root. */
  tree(file: string): Section {
    const root = newSection({ file, line: 0 });
    this.#decode(root, parseIni(this.#lines.join("\n")), []);
    return root;
  }

  #decode(section: Section, plain: Record<string, unknown>, path: readonly string[]): void {
    for (const [key, node] of Object.entries(plain)) {
      const name = decode(key);
      const full = [...path, name];
      const { origin, raw } = this.#notes.get(keyOf(full))!;
      if (typeof node === "string" || Array.isArray(node)) {
        const value = typeof node === "string"
          ? node.slice(1)
          : node.slice(1).map((item: string) => item.slice(1));
        section.entries.set(name, { value, raw, origin });
      } else {
        const inner = newSection(origin);
        section.entries.set(name, inner);
        this.#decode(inner, node as Record<string, unknown>, full);
      }
    }
  }
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

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
