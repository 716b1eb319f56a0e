/**
 * Graphite's targets as a tree: paths with patterns, calls of functions, and constants.
 * Source: https://graphite.readthedocs.io/en/latest/render_api.html#target
 */

import { configError } from "../../core/errors.ts";

export type Constant = number | string | boolean | null;

export type Expression =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "constant"; readonly value: Constant }
  | Call;

export interface Call {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expression[];
  readonly named: Readonly<Record<string, Expression>>;
}

/** More are a mistake, or meant to do harm. */
const MAX_DEPTH = 32;
const MAX_LENGTH = 16_384;
const CALL = /([A-Za-z_]\w*)\s*\(/y;
const NAMED = /([A-Za-z_]\w*)\s*=\s*/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:e-?\d+)?(?=\s*(?:[,)|]|$))/iy;
const WORD = /(true|false|none|inf)(?=\s*(?:[,)|]|$))/iy;
const TEXT = /"([^"]*)"|'([^']*)'/y;
/** A node's characters, an escaped one, alternatives in braces, dots. */
const PATH = /(?:[^\s(){},."'\\|]|\\.|\{[^{}()"'|\s]*\}|\.)+/y;
const WORDS: Readonly<Record<string, Constant>> = {
  true: true,
  false: false,
  none: null,
  inf: Infinity,
};

/** Throws `config`. */
export function parseTarget(text: string): Expression {
  if (text.length > MAX_LENGTH) throw configError("cannot read the target: it is too long");
  const reader = new TargetReader(text);
  const expression = reader.piped(0);
  reader.end();
  return expression;
}

class TargetReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `a | scale(2)` is `scale(a, 2)`. */
  piped(depth: number): Expression {
    if (depth > MAX_DEPTH) throw this.#refuse("it is nested too deeply");
    let expression = this.#expression(depth);
    while (this.#takes("|")) {
      const name = this.#match(CALL)?.[1];
      if (name === undefined) throw this.#refuse("a function has to follow |");
      expression = this.#call(name, depth, [expression]);
    }
    return expression;
  }

  end(): void {
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#refuse("nothing may follow");
  }

  #expression(depth: number): Expression {
    const name = this.#match(CALL)?.[1];
    if (name !== undefined) return this.#call(name, depth, []);
    const path = this.#match(PATH)?.[0];
    if (path === undefined) throw this.#refuse("a path or a function is missing");
    return { kind: "path", path: path.replace(/\\(.)/g, "$1") };
  }

  /** What stands between the brackets, of which the first has been read. */
  #call(name: string, depth: number, args: Expression[]): Call {
    const named: Record<string, Expression> = Object.create(null);
    if (!this.#takes(")")) {
      do {
        const key = this.#match(NAMED)?.[1];
        const value = this.#argument(depth + 1);
        if (key === undefined) args.push(value);
        else named[key] = value;
      } while (this.#takes(","));
      if (!this.#takes(")")) throw this.#refuse("a comma or a bracket is missing");
    }
    return { kind: "call", name, args, named };
  }

  #argument(depth: number): Expression {
    const number = this.#match(NUMBER)?.[0];
    if (number !== undefined) return { kind: "constant", value: Number(number) };
    const word = this.#match(WORD)?.[1];
    if (word !== undefined) return { kind: "constant", value: WORDS[word.toLowerCase()] };
    const text = this.#match(TEXT);
    if (text !== null) return { kind: "constant", value: text[1] ?? text[2] };
    return this.piped(depth);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    this.#blanks();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #takes(character: string): boolean {
    this.#blanks();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #blanks(): void {
    while (this.#text[this.#at] === " ") this.#at++;
  }

  #refuse(reason: string): Error {
    const where = this.#text.slice(this.#at, this.#at + 20);
    return configError(
      `cannot read the target "${this.#text.slice(0, 100)}": ${reason}, at "${where}"`,
    );
  }
}
