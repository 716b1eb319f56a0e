/** Texts as Python's pickles of protocol 0 write them. */

const SIMPLE: Readonly<Record<string, string>> = {
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** `repr()` of bytes, a character for each: `'a\x00'`. They are UTF-8. Undefined where it cannot be read. */
export function quotedText(text: string): string | undefined {
  const [, , inner] = /^(['"])((?:[^\\]|\\.)*)\1$/s.exec(text.trim()) ?? [];
  if (inner === undefined) return undefined;
  const bytes = inner.replace(
    /\\(?:x([0-9a-f]{2})|(.))/gis,
    (whole, hex, char) => hex ? String.fromCharCode(parseInt(hex, 16)) : SIMPLE[char] ?? whole,
  );
  return new TextDecoder().decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

/** Python's raw-unicode-escape: Latin-1, and `\u20ac` for what that does not have. Throws a RangeError where one is not a character. */
export function escapedText(text: string): string {
  return text.replace(
    /\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g,
    (_, four, eight) => String.fromCodePoint(parseInt(four ?? eight, 16)),
  );
}
