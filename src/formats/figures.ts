/** Numbers, sizes and times as people read them. */

export function count(number: number): string {
  return number.toLocaleString("en-US");
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MB`;
}

/** `2026-01-31 12:00:00 UTC` */
export function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
