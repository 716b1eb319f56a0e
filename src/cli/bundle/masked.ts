/** A text without what may be a secret: those of the configuration, and what looks like one where it was logged by others. */

import { MASK, withoutCredentials } from "../../core/secrets.ts";

/** `password = x`, `"api_key": "x"`, `Authorization: Bearer x`. */
const NAMED =
  /((?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|api[-_]?key|private[-_]?key|cookie)["']?\s*[=:]\s*["']?)([^\s"',;&]+)/gi;
const HEADER = /(authorization["']?\s*[=:]\s*["']?(?:basic|bearer|digest)?\s*)([^\s"',;]+)/gi;
const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;

export function masked(text: string): string {
  return withoutCredentials(text).replace(NAMED, `$1${MASK}`).replace(HEADER, `$1${MASK}`)
    .replace(KEY_BLOCK, MASK);
}
