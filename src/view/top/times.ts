/** Times as an operator types and reads them: local ones. */

const DAY = 86_400;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: DAY, w: 7 * DAY };

/**
 * Seconds since the epoch of `03:12`, which is the last one before now, `-2h`, `2026-11-28 03:12`, ISO 8601 or
 * `@SECONDS`; undefined where it is none of them.
 */
export function parseTime(text: string, now: number): number | undefined {
  const ago = /^-(\d+(?:\.\d+)?)\s*([smhdw])[a-z]*$/i.exec(text.trim());
  if (ago !== null) return now - Number(ago[1]) * SECONDS[ago[2].toLowerCase()];
  const epoch = /^@(\d+)$/.exec(text.trim());
  if (epoch !== null) return Number(epoch[1]);
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text.trim());
  if (clock !== null) return lastClock(clock.slice(1).map((part) => Number(part ?? 0)), now);
  return parseDate(text.trim());
}

function lastClock([hour, minute, second]: readonly number[], now: number): number | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const day = new Date(now * 1000);
  day.setHours(hour, minute, second, 0);
  if (day.getTime() > now * 1000) day.setDate(day.getDate() - 1);
  return day.getTime() / 1000;
}

/** A date without a time is its midnight, and one without a zone is local. */
function parseDate(text: string): number | undefined {
  const date = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](.+))?$/.exec(text);
  if (date === null) return undefined;
  const time = Date.parse(`${date[1]}-${date[2]}-${date[3]}T${date[4] ?? "00:00"}`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** `12:31:07`; seconds since the epoch. */
export function clockText(seconds: number): string {
  const time = new Date(seconds * 1000);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** `2026-11-28 03:12:00` */
export function dateText(seconds: number): string {
  const time = new Date(seconds * 1000);
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date} ${clockText(seconds)}`;
}

/** Since when something is so: the time of today, otherwise with the date. */
export function sinceText(seconds: number, now: number): string {
  const isToday = dateText(seconds).slice(0, 10) === dateText(now).slice(0, 10);
  return isToday ? clockText(seconds) : dateText(seconds);
}
