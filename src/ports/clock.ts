/** Time, and waiting for it. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never step. */
  monotonic(): number;
  /** Resolves after `ms`, at once when the signal aborts; with 0 when all that is due has had its turn. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back after `ms`, unless what it returns is called before: a deadline that mostly is not needed. */
  after(ms: number, act: () => void): () => void;
}
