/**
 * The tuples of a `[handler_*] args` line: `('/var/log/diamond.log', 'midnight', 1, 7)`. Texts,
 * numbers, True, False, None, nested tuples; names such as sys.stdout stay as their text.
 */

export type Literal = string | number | boolean | null | readonly Literal[] | {
  readonly name: string;
};

/** Throws with the place where the text stops making sense. */
export function parseLiteral(text: string): Literal {
  let at = 0;

  function skipBlanks(): void {
    while (/\s/.test(text[at] ?? "")) at++;
  }

  function value(): Literal {
    skipBlanks();
    const rest = text.slice(at);
    if (rest[0] === "(" || rest[0] === "[") return tuple(rest[0] === "(" ? ")" : "]");
    const quoted = /^[urb]*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/i.exec(rest);
    if (quoted) {
      at += quoted[0].length;
      return (quoted[1] ?? quoted[2]).replace(/\\(.)/g, "$1");
    }
    const number = /^[+-]?\d+(?:\.\d+)?(?![\w.])/.exec(rest);
    if (number) {
      at += number[0].length;
      return Number(number[0]);
    }
    const name = /^[A-Za-z_][\w.]*/.exec(rest);
    if (!name) throw new Error(`Cannot read "${rest}" as a Python value`);
    at += name[0].length;
    if (name[0] === "None") return null;
    if (name[0] === "True" || name[0] === "False") return name[0] === "True";
    return { name: name[0] };
  }

  function tuple(close: string): Literal[] {
    const items: Literal[] = [];
    at++;
    for (;;) {
      skipBlanks();
      if (text[at] === close) {
        at++;
        return items;
      }
      if (at >= text.length) throw new Error(`Cannot read "${text}": "${close}" is missing`);
      items.push(value());
      skipBlanks();
      if (text[at] === ",") at++;
      else if (text[at] !== close) {
        throw new Error(
          `Cannot read "${text.slice(at)}" in a tuple: a comma or "${close}" is missing`,
        );
      }
    }
  }

  const result = value();
  skipBlanks();
  if (at < text.length) throw new Error(`Cannot read "${text.slice(at)}" behind the value`);
  return result;
}
