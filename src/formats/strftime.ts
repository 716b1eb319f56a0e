/** strftime(3) of the C locale, as far as log formats and rotated names use it. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const MINUTE = 60_000;

/** Minutes that clocks are ahead of UTC at a time, which is in milliseconds since 1970. */
export type Zone = (time: number) => number;

export const utc: Zone = () => 0;

/** Its UTC fields are those that a clock of the zone shows. */
export function clockOf(time: number, zone: Zone): Date {
  return new Date(time + zone(time) * MINUTE);
}

/**
 * The time in a format, as the C library has it: flags as in `%-d` and `%_H`, the modifiers E and O. Letters
 * that are not known stay as they stand.
 */
export function strftime(format: string, date: Date, zone: Zone): string {
  const at = clockOf(date.getTime(), zone);
  return format.replace(/%([-_0^]?)[EO]?([a-zA-Z%])/g, (whole, flag: string, letter: string) => {
    const text = FIELDS[letter]?.(at, date, zone);
    return text === undefined ? whole : flagged(text, flag);
  });
}

/** `at` is what a clock shows; `date` is the moment itself. */
type Field = (at: Date, date: Date, zone: Zone) => string;

const DAY = 86_400_000;
const inUtc = (format: string): Field => (at) => strftime(format, at, utc);
const hour12 = (at: Date) => at.getUTCHours() % 12 || 12;
const isMorning = (at: Date) => at.getUTCHours() < 12;
const dayOfYear = (at: Date) =>
  Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / DAY) + 1;
/** Weeks begin with a day, 0 being Sunday; days before the first one are in week 0. */
const weekFrom = (first: number) => (at: Date) =>
  pad(Math.floor((dayOfYear(at) + 6 - (at.getUTCDay() + 7 - first) % 7) / 7));

/** The Thursday of the week, whose year and number are those of the ISO week. */
function thursday(at: Date): Date {
  return new Date(at.getTime() + (3 - (at.getUTCDay() + 6) % 7) * DAY);
}

const FIELDS: Readonly<Record<string, Field>> = {
  Y: (at) => String(at.getUTCFullYear()),
  C: (at) => pad(Math.floor(at.getUTCFullYear() / 100)),
  y: (at) => pad(at.getUTCFullYear() % 100),
  G: (at) => String(thursday(at).getUTCFullYear()),
  g: (at) => pad(thursday(at).getUTCFullYear() % 100),
  m: (at) => pad(at.getUTCMonth() + 1),
  d: (at) => pad(at.getUTCDate()),
  e: (at) => String(at.getUTCDate()).padStart(2),
  H: (at) => pad(at.getUTCHours()),
  k: (at) => String(at.getUTCHours()).padStart(2),
  I: (at) => pad(hour12(at)),
  l: (at) => String(hour12(at)).padStart(2),
  M: (at) => pad(at.getUTCMinutes()),
  S: (at) => pad(at.getUTCSeconds()),
  p: (at) => isMorning(at) ? "AM" : "PM",
  P: (at) => isMorning(at) ? "am" : "pm",
  a: (at) => DAYS[at.getUTCDay()].slice(0, 3),
  A: (at) => DAYS[at.getUTCDay()],
  b: (at) => MONTHS[at.getUTCMonth()].slice(0, 3),
  h: (at) => MONTHS[at.getUTCMonth()].slice(0, 3),
  B: (at) => MONTHS[at.getUTCMonth()],
  w: (at) => String(at.getUTCDay()),
  u: (at) => String(at.getUTCDay() || 7),
  j: (at) => pad(dayOfYear(at), 3),
  U: weekFrom(0),
  W: weekFrom(1),
  V: (at) => pad(Math.ceil(dayOfYear(thursday(at)) / 7)),
  F: inUtc("%Y-%m-%d"),
  T: inUtc("%H:%M:%S"),
  X: inUtc("%H:%M:%S"),
  R: inUtc("%H:%M"),
  r: inUtc("%I:%M:%S %p"),
  D: inUtc("%m/%d/%y"),
  x: inUtc("%m/%d/%y"),
  c: inUtc("%a %b %e %H:%M:%S %Y"),
  s: (_, date) => String(Math.floor(date.getTime() / 1000)),
  z: (_, date, zone) => offset(zone(date.getTime())),
  Z: (_, date, zone) => zone === utc ? "UTC" : offset(zone(date.getTime())),
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};

/** `-`: without padding; `_`: padded with blanks; `0`: with zeros; `^`: in capitals. */
function flagged(text: string, flag: string): string {
  if (flag === "^") return text.toUpperCase();
  if (flag === "-") return text.replace(/^[0 ]+(?=\d)/, "");
  if (flag === "_") return text.replace(/^0+(?=\d)/, (zeros) => " ".repeat(zeros.length));
  return flag === "0" ? text.replace(/^ +/, (blanks) => "0".repeat(blanks.length)) : text;
}

function offset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}${pad(size % 60)}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
