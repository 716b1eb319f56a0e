/** Headers as operators write them: `Name: text`, one each. */

import { configError } from "../core/errors.ts";

/** Parses headers. Throws `config` for an entry that is not one. */
export function headersOf(entries: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const entry of entries) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*([^\r\n]*)$/.exec(entry) ?? [];
    if (name === undefined) throw configError(`"${entry}" is no header such as "X-Scope: me"`);
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
