/** Text lines into datagrams: as many whole lines in each as fit. */

const NEWLINE = 10;

interface LeftOut {
  leftOut: number;
  /** The limit, and the first that was over it. */
  crowd: string | undefined;
}

/** Adds datagrams that a listener dropped to what it left out. */
export function addFlood(to: LeftOut, dropped: number): void {
  if (dropped === 0) return;
  to.leftOut += dropped;
  to.crowd ??= "more datagrams than there was time to read";
}

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
