/**
 * Graphite's patterns for paths: `*`, `?` and `[a-z]` within a node, `{one,two}` anywhere. Matching takes
 * time in proportion to pattern and path, whatever the pattern, since patterns come from outside.
 * Source: https://graphite.readthedocs.io/en/latest/render_api.html#paths-and-wildcards
 */

const MAX_LENGTH = 1000;
/** Alternatives of one pattern after its braces were expanded. */
const MAX_ALTERNATIVES = 256;

type Matcher = (path: string) => boolean;

/** Throws a RangeError where a pattern is too large to be meant. */
export function compilePattern(pattern: string): Matcher {
  if (pattern.length > MAX_LENGTH) {
    throw new RangeError(`a pattern has at most ${MAX_LENGTH} characters`);
  }
  const globs = expand(pattern).map((glob) => glob.split(".").map(tokensOf));
  return (path) => {
    const nodes = path.split(".");
    return globs.some((glob) =>
      glob.length === nodes.length && glob.every((tokens, at) => matches(tokens, nodes[at]))
    );
  };
}

export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** All texts that the braces of a pattern stand for. */
function expand(pattern: string): string[] {
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

function tokensOf(node: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < node.length; at++) {
    const char = node[at];
    const close = char === "[" ? node.indexOf("]", at + 2) : -1;
    if (char === "*") tokens.push("*");
    else if (char === "?") tokens.push(() => true);
    else if (close > 0) {
      tokens.push(setOf(node.slice(at + 1, close)));
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
