/** FNV-1a, 32 bit: spreads names evenly and finds what was damaged; not for secrets. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}

const PRIME_LOW = 0x1b3;

/** FNV-1a, 64 bit, in hexadecimal: where thousands of texts must not meet by chance. Source: http://www.isthe.com/chongo/tech/comp/fnv/ */
export function fnv1a64(text: string): string {
  let high = 0xcbf29ce4 | 0;
  let low = 0x84222325 | 0;
  for (let i = 0; i < text.length; i++) {
    const mixed = low ^ text.charCodeAt(i);
    // The prime is 2 ** 40 + PRIME_LOW. Products of halves stay small integers, which are fast.
    const lower = Math.imul(mixed & 0xffff, PRIME_LOW);
    const upper = Math.imul(mixed >>> 16, PRIME_LOW) + (lower >>> 16);
    high = (Math.imul(high, PRIME_LOW) + (mixed << 8) + (upper >>> 16)) | 0;
    low = (upper << 16) | (lower & 0xffff);
  }
  return hexadecimal(high) + hexadecimal(low);
}

function hexadecimal(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}

const CRC_POLYNOMIAL = 0xedb88320;

/** CRC-32 of a text's bytes, as zlib has it. */
export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}
