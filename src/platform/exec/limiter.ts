/** Work of which only so much is done at the same time; the rest waits for its turn. */

type Limiter = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Who is aborted while it waits gets its turn at once: its work sees the signal and says why. */
export function createLimiter(most: number): Limiter {
  let running = 0;
  const waiting: (() => void)[] = [];

  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(go), 1);
        go();
      };
      waiting.push(go);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  return async (signal, work) => {
    if (running >= most && !signal.aborted) await turn(signal);
    running++;
    try {
      return await work();
    } finally {
      running--;
      if (running < most) waiting.shift()?.();
    }
  };
}
