/**
 * What an option is. From one declaration come the type, the default, the conversion and validation of what
 * the operator wrote, `describe`, the sample file and the reference page.
 */

import { Failure } from "../errors.ts";

/** What a configuration file can say of a key: a text, a list of texts, or a section. */
export type Raw = string | readonly string[] | RawSection;
export interface RawSection {
  readonly [key: string]: Raw;
}

export interface Option<T> {
  /** For people: "bool", "number", "list" … */
  readonly type: string;
  readonly fallback: T;
  readonly help: string;
  /** What is allowed, where the type does not say it. */
  readonly allowed?: string;
  /** A secret is masked when printed and may be written as `file:/path`. */
  readonly secret: boolean;
  /** The secrets that a value has, where it is not one as a whole. */
  secretsIn?(value: T): readonly string[];
  /** The value as it may be printed, where that is not how it stands in a file. */
  shown?(value: T): string;
  /** An empty value is an error, because no default could work. */
  readonly needed?: boolean;
  /** Throws with a message that quotes the input; the caller adds file, line and key. */
  parse(raw: Raw): T;
  /** The value as it stands in a file; "" where there is none. */
  format(value: T): string;
  /** Of subsections: the options that each of them has. The caller converts them one by one, with their lines. */
  readonly fields?: Options;
  /** Of keys with a `*` in their name: what each of them is. */
  readonly one?: Option<unknown>;
  /** How it was made, so that another process can make it again: see `optionFrom`. */
  readonly made: readonly [constructor: string, ...args: unknown[]];
}

// deno-lint-ignore no-explicit-any
export type Options = { readonly [name: string]: Option<any> };
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

export function scalar(raw: Raw, what: string): string {
  if (typeof raw === "string") return raw;
  throw unreadable(raw, what);
}

export function unreadable(raw: Raw, what: string): Failure {
  if (typeof raw === "string") return refuse(`cannot read "${raw}" as ${what}`);
  if (Array.isArray(raw)) {
    return refuse(
      `cannot read the list ${
        raw.map((item) => `"${item}"`).join(", ")
      } as ${what}: put quotes around a text with commas`,
    );
  }
  return refuse(`${what} is needed here, not a section`);
}

export function refuse(message: string): Failure {
  return new Failure("config", message);
}

/** A scalar as ConfigObj would write it. */
export function quoted(value: string): string {
  if (value === "") return '""';
  if (!/^[\s"']|\s$|[,#\n]/.test(value)) return value;
  if (/\n/.test(value) || (value.includes('"') && value.includes("'"))) return `"""${value}"""`;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
