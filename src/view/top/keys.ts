/** Keys by the bytes that a terminal sends for them. */

const NAMED: Readonly<Record<string, string>> = {
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x03": "ctrl-c",
  "\x0c": "ctrl-l",
  "\x15": "ctrl-u",
  "\x1a": "ctrl-z",
};

/** What stands behind `ESC [` or `ESC O`. */
const SEQUENCES: Readonly<Record<string, string>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
  Z: "backtab",
  "1~": "home",
  "4~": "end",
  "5~": "pageup",
  "6~": "pagedown",
  "7~": "home",
  "8~": "end",
};

const SEQUENCE = /^\x1b[[O]([\d;]*[A-Za-z~])/;
const BEGUN = /^\x1b([[O][\d;]*)?$/;

/** `rest`: the beginning of a sequence, whose end is still to come; a lone one is the escape key. */
export function decodeKeys(text: string): { readonly keys: string[]; readonly rest: string } {
  const keys: string[] = [];
  let rest = text;
  while (rest !== "") {
    if (BEGUN.test(rest)) return { keys, rest };
    const sequence = SEQUENCE.exec(rest);
    if (sequence !== null) {
      // A modifier, such as that of Shift, is left out.
      const name = SEQUENCES[sequence[1].replace(/^1;\d+(?=[A-Z])/, "").replace(/;\d+~$/, "~")];
      if (name !== undefined) keys.push(name);
      rest = rest.slice(sequence[0].length);
      continue;
    }
    const char = String.fromCodePoint(rest.codePointAt(0)!);
    rest = rest.slice(char.length);
    if (char === "\x1b") keys.push("escape");
    else if (NAMED[char] !== undefined) keys.push(NAMED[char]);
    else if (char >= " ") keys.push(char);
  }
  return { keys, rest };
}
