/**
 * Patterns of a shell: `*`, `?`, `[a-z]` and `{one,two}`. Matching takes time in proportion to pattern and
 * text, whatever the pattern, since patterns come from outside.
 */

const MAX_LENGTH = 1000;
/** Alternatives of one pattern after its braces were expanded. */
const MAX_ALTERNATIVES = 256;

export type Matcher = (text: string) => boolean;

export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** Of a text as a whole; `*` takes any characters. Braces stand for themselves: see `alternatives`. */
export function compileGlob(glob: string): Matcher {
  const tokens = tokensOf(glob);
  return (text) => matches(tokens, text);
}

/** All texts that the braces of a pattern stand for. Throws a RangeError where it is too large to be meant. */
export function alternatives(pattern: string): string[] {
  if (pattern.length > MAX_LENGTH) {
    throw new RangeError(`a pattern has at most ${MAX_LENGTH} characters`);
  }
  const done: string[] = [];
  const open = [pattern];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    const braces = /\{([^{}]*)\}/.exec(text);
    if (braces === null) done.push(text);
    else {
      const before = text.slice(0, braces.index);
      const after = text.slice(braces.index + braces[0].length);
      for (const part of braces[1].split(",")) open.push(before + part + after);
    }
    if (open.length + done.length > MAX_ALTERNATIVES) {
      throw new RangeError(`a pattern has at most ${MAX_ALTERNATIVES} alternatives`);
    }
  }
  return done;
}

/** `*`, or whether a character is the right one. */
type Token = "*" | ((char: string) => boolean);

function tokensOf(glob: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at];
    const close = char === "[" ? glob.indexOf("]", at + 2) : -1;
    if (char === "*") tokens.push("*");
    else if (char === "?") tokens.push(() => true);
    else if (close > 0) {
      tokens.push(setOf(glob.slice(at + 1, close)));
      at = close;
    } else tokens.push((other) => other === char);
  }
  return tokens;
}

/** `abc`, `a-z`. */
function setOf(text: string): (char: string) => boolean {
  const ranges = [...text.matchAll(/(.)-(.)|(.)/gsu)].map(([, from, to, one]) => [
    from ?? one,
    to ?? one,
  ]);
  return (char) => ranges.some(([from, to]) => from <= char && char <= to);
}

function matches(tokens: readonly Token[], text: string): boolean {
  let at = 0;
  let token = 0;
  /** The last `*`, and the text that it has taken so far: it takes more when the rest does not fit. */
  let star = -1;
  let taken = 0;
  while (at < text.length) {
    const next = tokens[token];
    if (next === "*") {
      star = token++;
      taken = at;
    } else if (next !== undefined && next(text[at])) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++taken;
    } else return false;
  }
  while (tokens[token] === "*") token++;
  return token === tokens.length;
}
