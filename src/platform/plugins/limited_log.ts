/** A log for what plugins say: each level has so many lines a minute, then only their number is logged. */

import type { Log } from "../../ports/log.ts";

const LINES_A_MINUTE = 60;
const MINUTE_MS = 60_000;

type Level = keyof Log;

interface LimitedLog {
  /** `to`: where this line goes, if it may. */
  say(to: Log, level: Level, text: string): void;
}

export function createLimitedLog(
  name: string,
  now: () => number,
  most = LINES_A_MINUTE,
): LimitedLog {
  const windows = new Map<Level, { since: number; lines: number }>();
  return {
    say(to, level, text) {
      const time = now();
      let window = windows.get(level);
      if (window === undefined || time - window.since > MINUTE_MS) {
        const missing = (window?.lines ?? 0) - most;
        if (missing > 0) to.info(`${name} logged ${missing} more lines, which are left out`);
        windows.set(level, window = { since: time, lines: 0 });
      }
      if (++window.lines <= most) to[level](text);
    },
  };
}
