/** Lines of what peers send. Each is decoded by itself: a name that is kept would keep all that it was cut from. */

const NEWLINE = 10;
const decoder = new TextDecoder();

/** Takes a line without blanks around it. `isWhole`: false where it was too long, and is its begin. */
type TakeLine = (line: string, isWhole: boolean) => void;

/** Hands over each line that is not empty; the last one needs no end. */
export function eachLine(bytes: Uint8Array, maxBytes: number, take: TakeLine): void {
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    const isWhole = end - start <= maxBytes;
    const line = decoder.decode(bytes.subarray(start, isWhole ? end : start + maxBytes)).trim();
    if (line !== "" || !isWhole) take(line, isWhole);
    start = end + 1;
  }
}

/** Cuts a stream into lines. */
export class LineCutter {
  #rest = new Uint8Array(0);
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait for the end of their line. */
  get held(): number {
    return this.#rest.length;
  }

  /** Hands over each line that has its end. False where one is too long already: the rest is of no use. */
  cut(bytes: Uint8Array, take: TakeLine): boolean {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const end = all.lastIndexOf(NEWLINE) + 1;
    this.#rest = all.slice(end);
    eachLine(all.subarray(0, end), this.#maxBytes, take);
    return this.#rest.length <= this.#maxBytes;
  }
}
