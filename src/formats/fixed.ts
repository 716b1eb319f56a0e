/**
 * Numbers as C's `%.Nf` prints them: the exact binary value, ties to even. JavaScript's `toFixed`
 * differs in three points: it rounds ties up, drops the sign of -0, and goes to exponents at 1e21.
 */

const TO_FIXED_LIMIT = 1e21;

/** `value` with exactly `precision` digits behind the point (at most 100). `nan`, `inf` and `-inf` as C has them. */
export function fixed(value: number, precision: number): string {
  if (precision === 0 && Number.isSafeInteger(value) && value !== 0) return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return sign + magnitude(Math.abs(value), precision);
}

function magnitude(value: number, precision: number): string {
  if (value >= TO_FIXED_LIMIT) {
    return BigInt(value).toString() + (precision > 0 ? `.${"0".repeat(precision)}` : "");
  }
  const digits = value.toFixed(precision);
  if (!isTie(value, precision)) return digits;
  // toFixed took the larger neighbour; the even one is one less where that is odd.
  const last = digits.charCodeAt(digits.length - 1) - 48;
  return last % 2 === 0 ? digits : digits.slice(0, -1) + (last - 1);
}

/** Whether the value lies exactly between two texts: then value·2^(precision+1) is an odd whole number. */
function isTie(value: number, precision: number): boolean {
  const scaled = value * 2 ** (precision + 1);
  return Number.isInteger(scaled) && scaled % 2 === 1;
}
