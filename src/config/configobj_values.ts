/** Values as ConfigObj writes them: plain or quoted, lists by commas, texts over several lines in triple quotes. */

const REST_IS_COMMENT = /^\s*(?:#.*)?$/s;

/** Whether nothing follows but a comment. */
export function isRestComment(text: string): boolean {
  return REST_IS_COMMENT.test(text);
}

/** A triple-quoted value closes at the next such quotes, with nothing behind them but a comment. */
export function readTriple(
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
        if (isRestComment(rest.slice(at + 3))) {
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
export function readValue(text: string): string | string[] | undefined {
  const rest = text.trim();
  if (isRestComment(rest)) return "";
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
    if (isRestComment(rest.slice(at))) break;
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
