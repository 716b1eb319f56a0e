/** Lengths of time as people read them. */

const DAY = 86_400;

/** `0.5 s`, `45 s`, `12 min`, `3.5 h`, `2 d` */
export function lengthText(seconds: number): string {
  if (seconds < 10) return `${oneDigit(Math.max(0, seconds))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 2 * DAY ? `${oneDigit(seconds / 3600)} h` : `${oneDigit(seconds / DAY)} d`;
}

function oneDigit(number: number): number {
  return Math.round(number * 10) / 10;
}
