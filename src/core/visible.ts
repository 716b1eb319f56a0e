/** Texts from outside, as they may be shown: a terminal or a log takes nothing in them for a command or for another line. */

import { withoutSecrets } from "./secrets.ts";

/** All of C0 but tab and line feed, DEL, C1, line separators, marks that turn the text around. */
// deno-lint-ignore no-control-regex
const HIDDEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
/** Characters of a message. */
const MAX_MESSAGE = 4000;

/** Without secrets; what cannot be seen is shown as `\x1b`. Line feeds stay. */
export function visible(whole: string): string {
  const text = withoutSecrets(whole);
  if (!HIDDEN.test(text)) return text;
  return text.replace(new RegExp(HIDDEN, "g"), (character) => {
    if (character === "\r") return "";
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** The beginning of a text. Secrets go first: half of one is not known as such. */
export function excerpt(text: string, length: number): string {
  return withoutSecrets(text).slice(0, length);
}

/** The same in one line, which ends after some thousand characters. */
export function oneLine(text: string): string {
  const line = visible(excerpt(text, MAX_MESSAGE)).replace(/\s*\n\s*/g, " ").trim();
  return text.length > MAX_MESSAGE ? `${line}…` : line;
}

/** For the log: further lines are indented, so that none can be taken for a record of its own. */
export function paragraph(text: string): string {
  return visible(text).replaceAll("\n", "\n    ");
}
