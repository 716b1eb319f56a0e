/** A text's UTF-8 in base 64. Source: RFC 4648 */

const encoder = new TextEncoder();
const CHUNK = 8192;

export function base64(text: string): string {
  const bytes = encoder.encode(text);
  let latin1 = "";
  for (let from = 0; from < bytes.length; from += CHUNK) {
    latin1 += String.fromCharCode(...bytes.subarray(from, from + CHUNK));
  }
  return btoa(latin1);
}
