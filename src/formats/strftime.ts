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

/** The time in a format; letters that are not known stay as they stand. */
export function strftime(format: string, date: Date, zone: Zone): string {
  const at = clockOf(date.getTime(), zone);
  return format.replace(
    /%([a-zA-Z%])/g,
    (whole, letter: string) => field(letter, at, date, zone) ?? whole,
  );
}

/** `at` is what a clock shows; `date` is the moment itself. */
function field(letter: string, at: Date, date: Date, zone: Zone): string | undefined {
  const hours = at.getUTCHours();
  switch (letter) {
    case "Y":
      return String(at.getUTCFullYear());
    case "y":
      return pad(at.getUTCFullYear() % 100);
    case "m":
      return pad(at.getUTCMonth() + 1);
    case "d":
      return pad(at.getUTCDate());
    case "H":
      return pad(hours);
    case "I":
      return pad(hours % 12 || 12);
    case "M":
      return pad(at.getUTCMinutes());
    case "S":
      return pad(at.getUTCSeconds());
    case "p":
      return hours < 12 ? "AM" : "PM";
    case "a":
      return DAYS[at.getUTCDay()].slice(0, 3);
    case "A":
      return DAYS[at.getUTCDay()];
    case "b":
      return MONTHS[at.getUTCMonth()].slice(0, 3);
    case "B":
      return MONTHS[at.getUTCMonth()];
    case "w":
      return String(at.getUTCDay());
    case "j":
      return pad(
        Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
        3,
      );
    case "F":
      return strftime("%Y-%m-%d", at, utc);
    case "T":
    case "X":
      return strftime("%H:%M:%S", at, utc);
    case "D":
    case "x":
      return strftime("%m/%d/%y", at, utc);
    case "c":
      return strftime("%a %b %d %H:%M:%S %Y", at, utc);
    case "s":
      return String(Math.floor(date.getTime() / 1000));
    case "z":
      return offset(zone(date.getTime()));
    case "Z":
      return zone === utc ? "UTC" : offset(zone(date.getTime()));
    case "%":
      return "%";
    default:
      return undefined;
  }
}

function offset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}${pad(size % 60)}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
