/** Text lines into datagrams: as many whole lines in each as fit. */

const NEWLINE = 10;

/** What a listener says of datagrams that it dropped. */
export const FLOOD = "more datagrams than there was time to read";

/** A single line that is longer than `most` bytes goes in a datagram of its own. */
export function packLines(bytes: Uint8Array, most: number): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  let start = 0;
  while (start < bytes.length) {
    let end = start + most >= bytes.length
      ? bytes.length
      : bytes.lastIndexOf(NEWLINE, start + most - 1) + 1;
    if (end <= start) {
      const next = bytes.indexOf(NEWLINE, start);
      end = next < 0 ? bytes.length : next + 1;
    }
    datagrams.push(bytes.subarray(start, end));
    start = end;
  }
  return datagrams;
}
