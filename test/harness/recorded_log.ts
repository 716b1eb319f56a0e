/** A log that a test can read. */

import type { Log } from "../../src/ports/log.ts";

export { silentLog } from "../../src/ports/log.ts";

export function recordedLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
