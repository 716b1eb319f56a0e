/** Numbers that JSON lacks, on their way to another process and back. */

/** Encodes what JSON lacks, 64-bit integers and non-finite numbers, as text: `12n`, `NaN`. */
export function packed(value: unknown): number | string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "number" && Number.isFinite(value) ? value : String(value);
}

export function unpacked(value: number | string): number | bigint {
  if (typeof value === "number") return value;
  return /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : Number.NaN;
}
