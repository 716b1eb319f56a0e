/** How long to wait after a failure: doubling, with jitter so that hosts do not come back in step. */

const INITIAL_SECONDS = 0.5;

/** Seconds before the next try after `failures` in a row; between half of the full delay and all of it. */
export function backoffSeconds(failures: number, most: number, random: () => number): number {
  const full = Math.min(most, INITIAL_SECONDS * 2 ** Math.min(failures - 1, 30));
  return full * (0.5 + random() / 2);
}
