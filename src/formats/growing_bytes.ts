/** Bytes that grow by doubling as they come: what a peer only announces takes no memory. */

export class GrowingBytes {
  #bytes = new Uint8Array(0);
  length = 0;

  add(more: Uint8Array): void {
    const length = this.length + more.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(more, this.length);
    this.length = length;
  }

  /** What has come, until more does. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Begins again, and keeps no memory. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.length = 0;
  }
}
