/** Files that hold one number, as those of /sys do. */

import type { SkipLine } from "../core/collector.ts";
import type { HostFs } from "../ports/fs.ts";

/** Undefined where there is no such file; one that cannot be read, or holds something else, is reported as unread. */
export function numberOf(fs: HostFs, path: string, skipLine: SkipLine): number | undefined {
  const line = fs.tryRead(path);
  if (line === undefined) {
    if (fs.stat(path)?.isFile) skipLine({ source: path, line: () => undefined });
    return undefined;
  }
  const value = line.tryFloat();
  if (value !== undefined && !line.more) return value;
  skipLine(line);
  return undefined;
}
