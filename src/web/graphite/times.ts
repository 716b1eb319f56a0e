/**
 * Points in time as Graphite's users write them: `-1h`, `now-5min`, `midnight`, `08:30_20260131`, seconds since the
 * epoch. Days are those of this host's time zone.
 * Source: https://graphite.readthedocs.io/en/latest/render_api.html#from-until
 */

import { configError } from "../../core/errors.ts";

const DAY = 86_400;
/** By how units begin; the longer beginnings come first. */
const UNITS: readonly (readonly [string, number])[] = [
  ["mon", 30 * DAY],
  ["min", 60],
  ["s", 1],
  ["h", 3600],
  ["d", DAY],
  ["w", 7 * DAY],
  ["y", 365 * DAY],
];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const HOURS: Readonly<Record<string, number>> = { midnight: 0, noon: 12, teatime: 16 };
const CLOCK = /^(?:(\d{1,2}):(\d{2})(am|pm)?|(\d{1,2})(am|pm)|(midnight|noon|teatime))/;

/** In seconds since the epoch, as `now` is. Throws `config`. */
export function parseTime(text: string, now: number): number {
  const word = text.trim().toLowerCase().replace(/[_, ]/g, "");
  if (/^\d+$/.test(word) && !isDate(word)) return Number(word);
  const sign = word.search(/[+-]/);
  const [reference, offset] = sign < 0 ? [word, ""] : [word.slice(0, sign), word.slice(sign)];
  return referenceTime(reference, now, text) + parseInterval(offset, text);
}

/** `-1h`, `5min`, `1d12h`, in seconds; 0 of an empty text. Throws `config`. */
export function parseInterval(offset: string, whole = offset): number {
  const [, sign, parts] = /^([+-]?)((?:\d+[a-z]+)*)$/i.exec(offset) ?? [];
  if (parts === undefined) throw unreadable(whole);
  let seconds = 0;
  for (const [, number, unit] of parts.matchAll(/(\d+)([a-z]+)/gi)) {
    const found = UNITS.find(([begin]) => unit.toLowerCase().startsWith(begin));
    if (found === undefined) throw unreadable(whole);
    seconds += Number(number) * found[1];
  }
  return sign === "-" ? -seconds : seconds;
}

function referenceTime(reference: string, now: number, whole: string): number {
  if (reference === "" || reference === "now") return now;
  const clock = CLOCK.exec(reference);
  const [hour, minute] = clock === null ? [0, 0] : clockOf(clock);
  if (hour > 23 || minute > 59) throw unreadable(whole);
  const day = dayOf(reference.slice(clock?.[0].length ?? 0), new Date(now * 1000));
  if (day === undefined || Number.isNaN(day.getTime())) throw unreadable(whole);
  return day.setHours(hour, minute, 0, 0) / 1000;
}

function clockOf([, hour, minute, half, ofHalf, otherHalf, word]: RegExpExecArray): number[] {
  if (word !== undefined) return [HOURS[word], 0];
  const number = Number(hour ?? ofHalf);
  return [(half ?? otherHalf) === "pm" ? (number + 12) % 24 : number, Number(minute ?? 0)];
}

/** Undefined where it is not a day. */
function dayOf(word: string, today: Date): Date | undefined {
  const near: Readonly<Record<string, number>> = { "": 0, today: 0, yesterday: -1, tomorrow: 1 };
  const [year, month, date] = [today.getFullYear(), today.getMonth(), today.getDate()];
  if (Object.hasOwn(near, word)) return new Date(year, month, date + near[word]);
  if (isDate(word)) {
    return new Date(Number(word.slice(0, 4)), Number(word.slice(4, 6)) - 1, Number(word.slice(6)));
  }
  const [, m, d, y] = /^(\d{1,2})\/(\d{1,2})\/(\d{2}|\d{4})$/.exec(word) ?? [];
  if (y !== undefined) {
    const short = Number(y) < 70 ? 2000 : 1900;
    return new Date(y.length === 2 ? short + Number(y) : Number(y), Number(m) - 1, Number(d));
  }
  const start = word.slice(0, 3);
  const [named] = /\d{1,2}$/.exec(word) ?? [];
  if (MONTHS.includes(start) && named !== undefined) {
    return new Date(year, MONTHS.indexOf(start), Number(named));
  }
  const weekday = WEEKDAYS.indexOf(start);
  return weekday < 0 ? undefined : new Date(year, month, date - (today.getDay() - weekday + 7) % 7);
}

/** YYYYMMDD, and not a number of seconds. */
function isDate(word: string): boolean {
  return /^(19\d\d|[2-9]\d{3})(0[1-9]|1[0-2])([0-2]\d|3[01])$/.test(word);
}

function unreadable(text: string): Error {
  return configError(`cannot read "${text.slice(0, 40)}" as a time`);
}
