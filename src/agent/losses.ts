/** Which losses are recent: what was dropped long ago stays in the ledger, and is nothing to act on today. */

export interface Losses {
  /** What a handler had dropped before this start. */
  begin(handler: string, dropped: number): void;
  /** Whether a handler has dropped more in the last hour, or since this was asked last. */
  isRecent(handler: string, dropped: number): boolean;
}

const RECENT_MS = 3_600_000;

export function createLosses(now: () => number): Losses {
  const known = new Map<string, { readonly dropped: number; readonly at: number }>();
  return {
    begin: (handler, dropped) => void known.set(handler, { dropped, at: -Infinity }),
    isRecent(handler, dropped) {
      const before = known.get(handler) ?? { dropped: 0, at: -Infinity };
      if (dropped > before.dropped) known.set(handler, { dropped, at: now() });
      return now() - (known.get(handler) ?? before).at < RECENT_MS;
    },
  };
}
