/**
 * The tuples of a `[handler_*] args` line: `('/var/log/diamond.log', 'a', 512 * 1024, 7)`. Texts, numbers
 * and arithmetic with them, True, False, None, nested tuples; names such as sys.stdout stay as their text.
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

  /** A value, or a sum of products. */
  function value(): Literal {
    return operation(["+", "-"], () => operation(["*", "//", "/", "%"], single));
  }

  function operation(operators: readonly string[], operand: () => Literal): Literal {
    let left = operand();
    for (;;) {
      skipBlanks();
      const operator = operators.find((one) => text.startsWith(one, at));
      if (operator === undefined || typeof left !== "number") return left;
      at += operator.length;
      const right = operand();
      if (typeof right !== "number") throw new Error(`cannot calculate in "${text}"`);
      left = calculated(left, operator, right);
    }
  }

  function single(): Literal {
    skipBlanks();
    const rest = text.slice(at);
    if (rest[0] === "(" || rest[0] === "[") return tuple(rest[0] === "(" ? ")" : "]", at === 0);
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
    if (!name) throw new Error(`cannot read "${rest}" as a Python value`);
    at += name[0].length;
    if (name[0] === "None") return null;
    if (name[0] === "True" || name[0] === "False") return name[0] === "True";
    return { name: name[0] };
  }

  /** Without a comma parentheses only group, but for the outermost ones. */
  function tuple(close: string, isOutermost: boolean): Literal {
    const items: Literal[] = [];
    let hasComma = close === "]" || isOutermost;
    at++;
    for (;;) {
      skipBlanks();
      if (text[at] === close) {
        at++;
        return items.length === 1 && !hasComma ? items[0] : items;
      }
      if (at >= text.length) throw new Error(`cannot read "${text}": "${close}" is missing`);
      items.push(value());
      skipBlanks();
      if (text[at] === ",") {
        at++;
        hasComma = true;
      } else if (text[at] !== close) {
        throw new Error(
          `cannot read "${text.slice(at)}" in a tuple: a comma or "${close}" is missing`,
        );
      }
    }
  }

  const result = value();
  skipBlanks();
  if (at < text.length) throw new Error(`cannot read "${text.slice(at)}" behind the value`);
  return result;
}

function calculated(left: number, operator: string, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "//":
      return Math.floor(left / right);
    default:
      return left - right * Math.floor(left / right);
  }
}
