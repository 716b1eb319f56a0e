/** What a peer shows of itself: what it says, and how much of what it was sent its program has read. */

/** A peer of metrics does not say more at a time. */
const MAX_HEARD = 65_536;

interface Hearing {
  hear(bytes: Uint8Array): void;
  /** All that came since this was asked last. */
  take(): string;
}

export function createHearing(): Hearing {
  let heard = "";
  return {
    hear(bytes) {
      if (heard.length < MAX_HEARD) heard += String.fromCharCode(...bytes);
    },
    take() {
      const all = heard;
      heard = "";
      return all;
    },
  };
}

/**
 * How much a peer has not read. Its window is as wide as its buffer while its program reads, and
 * becomes smaller by what lies there unread.
 */
export function createUnread(): (unacknowledged: number, window: number | undefined) => number {
  let widest = 0;
  return (unacknowledged, window) => {
    if (window === undefined) return unacknowledged;
    widest = Math.max(widest, window);
    return unacknowledged + widest - window;
  };
}
