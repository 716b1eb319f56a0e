/** The pause before a program that has ended is started again. It doubles, up to a minute. */

const INITIAL_MS = 1000;
const MAX_MS = 60_000;
/** A program that ran for so long begins with the first pause again. */
const SOUND_MS = 60_000;

/** Milliseconds of the next pause, after `pause`, for a program that ran for `ranMs`. */
export function restartPause(pause: number, ranMs: number): number {
  return ranMs > SOUND_MS ? INITIAL_MS : Math.min(Math.max(2 * pause, INITIAL_MS), MAX_MS);
}
