/**
 * Reads InfluxDB's line protocol: `measurement,tag=text field=1i,other=2.5 1700000000000000000`.
 * Source: https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/
 */

export interface SentLine {
  readonly measurement: string;
  /** In the order of their keys: clients send them in any. */
  readonly tags: readonly (readonly [key: string, text: string])[];
  /** Undefined stands for a text. */
  readonly fields: readonly (readonly [key: string, value: number | undefined])[];
  /** In the unit of the request. */
  readonly time: string | undefined;
}

/** Hands over each line, or why it cannot be read, with its number and its begin. */
export function readLines(
  text: string,
  take: (line: SentLine) => void,
  refuse: (reason: string, number: number, line: string) => void,
): void {
  const reader = new LineReader(text);
  let number = 1;
  while (!reader.isAtEnd) {
    const start = reader.at;
    try {
      const line = reader.line();
      if (line !== undefined) take(line);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      reader.skipLine();
      refuse(error.message, number, text.slice(start, Math.min(reader.at, start + SHOWN)).trim());
    }
    // A text may have several lines in it.
    for (let at = start; at < reader.at; at++) if (text[at] === "\n") number++;
  }
}

/** Tags and fields of a line, each. */
const MAX_PARTS = 20_000;
/** Characters of a line that are shown. */
const SHOWN = 200;

class Unreadable extends Error {}

const TRUE = /^(t|T|true|True|TRUE)$/;
const FALSE = /^(f|F|false|False|FALSE)$/;
const NUMBER = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)$|^(-?\d+)i$|^(\d+)u$/i;

class LineReader {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#text.length;
  }

  skipLine(): undefined {
    const end = this.#text.indexOf("\n", this.at);
    this.at = end < 0 ? this.#text.length : end + 1;
    return undefined;
  }

  /** Undefined for one that says nothing. */
  line(): SentLine | undefined {
    this.#blanks();
    if (this.#text[this.at] === "#") return this.skipLine();
    if (this.isAtEnd || this.#takes("\n")) return undefined;
    const measurement = this.#word(", ");
    if (measurement === "") throw new Unreadable("the measurement is missing");
    const tags: [string, string][] = [];
    while (this.#takes(",")) add(tags, this.#tag());
    tags.sort(([one], [other]) => one < other ? -1 : one > other ? 1 : 0);
    this.#blanks();
    const fields: [string, number | undefined][] = [];
    do add(fields, this.#field()); while (this.#takes(","));
    this.#blanks();
    const time = this.#word(" ") || undefined;
    this.#blanks();
    if (!this.isAtEnd && !this.#takes("\n")) throw new Unreadable("there is more behind the time");
    if (time !== undefined && !/^\d{1,20}$/.test(time)) {
      throw new Unreadable(`"${time.slice(0, 40)}" is not a time`);
    }
    return { measurement, tags, fields, time };
  }

  #tag(): [string, string] {
    const key = this.#word("=, ");
    if (!this.#takes("=")) throw new Unreadable("a tag has no value");
    const text = this.#word("=, ");
    if (key === "" || text === "") throw new Unreadable("a tag has no key or no value");
    return [key, text];
  }

  #field(): [string, number | undefined] {
    const key = this.#word("=, ");
    if (key === "" && (this.isAtEnd || this.#text[this.at] === "\n")) {
      throw new Unreadable("the fields are missing");
    }
    if (key === "" || !this.#takes("=")) throw new Unreadable("a field has no key or no value");
    if (this.#takes('"')) {
      this.#quoted();
      return [key, undefined];
    }
    const written = this.#word(", ");
    const [, float, integer, unsigned] = NUMBER.exec(written) ?? [];
    const value = TRUE.test(written)
      ? 1
      : FALSE.test(written)
      ? 0
      : Number(float ?? integer ?? unsigned ?? NaN);
    if (!Number.isFinite(value)) {
      throw new Unreadable(`the field "${key}" has the value "${written.slice(0, 40)}"`);
    }
    return [key, value];
  }

  /** Goes behind the end of a text. */
  #quoted(): void {
    for (; !this.isAtEnd; this.at++) {
      const char = this.#text[this.at];
      if (char === "\\") this.at++;
      else if (char === '"') {
        this.at++;
        if (/[^, \r\n]/.test(this.#text[this.at] ?? "")) {
          throw new Unreadable("there is more behind a text");
        }
        return;
      }
    }
    throw new Unreadable("a text has no end");
  }

  /** Up to one of these, or the end of the line. A backslash takes their meaning from `,`, `=` and blanks. */
  #word(stops: string): string {
    const start = this.at;
    let hasEscapes = false;
    for (; !this.isAtEnd; this.at++) {
      const char = this.#text[this.at];
      if (char === "\n" || stops.includes(char)) break;
      if (char !== "\\" || !", =".includes(this.#text[this.at + 1] ?? "\n")) continue;
      hasEscapes = true;
      this.at++;
    }
    const word = this.#text.slice(start, this.at).replace(/\r$/, "");
    return hasEscapes ? word.replace(/\\([, =])/g, "$1") : word;
  }

  #blanks(): void {
    while (this.#text[this.at] === " " || this.#text[this.at] === "\r") this.at++;
  }

  #takes(char: string): boolean {
    if (this.#text[this.at] !== char) return false;
    this.at++;
    return true;
  }
}

function add<T>(parts: T[], part: T): void {
  if (parts.length === MAX_PARTS) throw new Unreadable(`more than ${MAX_PARTS} tags or fields`);
  parts.push(part);
}
