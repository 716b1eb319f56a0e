/** Times in the reader's own zone. */

import { clockText } from "../src/view/top/times.ts";

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `12:03:10` today, else with the day. */
export function momentText(seconds: number, now: number): string {
  const isToday = dayText(seconds) === dayText(now) && Math.abs(now - seconds) < 2 * 86_400;
  return isToday ? clockText(seconds) : `${dayText(seconds)} ${clockText(seconds)}`;
}

/** `12:00 – 13:00`, with days where they are others. */
export function rangeWords(from: number, to: number, now: number): string {
  const same = dayText(from) === dayText(to);
  return `${momentText(from, now)} – ${same ? clockText(to) : momentText(to, now)}`;
}

/** Ticks of a time axis, as short as their distance allows. */
export function timeTicks(ticks: readonly number[], step: number): string[] {
  let day = "";
  return ticks.map((tick) => {
    const today = dayText(tick);
    const isMidnight = new Date(tick * 1000).getHours() === 0 && tick % 3600 === 0;
    const isNewDay = isMidnight && today !== day;
    day = today;
    if (step >= 86_400 || isNewDay) return today;
    return step >= 60 ? clockText(tick).slice(0, 5) : clockText(tick);
  });
}

/** `28 Nov` */
function dayText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
}
