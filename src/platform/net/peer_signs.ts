/** What a peer shows of itself: what it says, and how much of what it was sent its program has read. */

/** A peer of metrics does not say more at a time. */
const MAX_HEARD = 65_536;

export class PeerSigns {
  #heard = "";
  /** The peer's window is as wide as its buffer while its program reads, and becomes smaller by what lies there. */
  #widest = 0;

  readonly hear = (bytes: Uint8Array): void => {
    if (this.#heard.length < MAX_HEARD) this.#heard += String.fromCharCode(...bytes);
  };

  /** All that came since this was asked last. */
  heard(): string {
    const all = this.#heard;
    this.#heard = "";
    return all;
  }

  /** How much the peer's program has not read. */
  unread(unacknowledged: number, window: number | undefined): number {
    if (window === undefined) return unacknowledged;
    this.#widest = Math.max(this.#widest, window);
    return unacknowledged + this.#widest - window;
  }
}
