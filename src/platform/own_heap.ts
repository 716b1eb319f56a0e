/** The runtime's heap of objects and of compiled code. Nothing happens where the runtime has no way. */

/** Bun's own global, and its module about the engine. */
interface Runtime {
  gc(force: boolean): void;
  /** In a moment, when nothing runs. */
  shrink?(): void;
}
interface Engine {
  fullGC(): void;
}

let engine: Engine | undefined;

async function findEngine(): Promise<void> {
  // A name that no bundler and no type checker looks for.
  const name = "bun:jsc";
  engine ??= await import(name) as Engine;
}

/** What is dead goes; compiled code stays, as it does not with the runtime's usual way. */
export function collectGarbage(): void {
  engine?.fullGC();
}

/**
 * What is dead goes, all code that was compiled, and what the code was made from. To be called once before
 * `collectGarbage` has an effect.
 */
export function dropCode(): void {
  const { Bun: runtime } = globalThis as { Bun?: Runtime };
  if (runtime === undefined) return;
  runtime.gc(true);
  runtime.shrink?.();
  findEngine().catch(() => {});
}
