/** The runtime's heap of objects and of compiled code. Nothing happens where the runtime has no way. */

import process from "node:process";

/** Bun's own global, and its module about the engine. */
interface Runtime {
  gc(force: boolean): void;
  /** In a moment, when nothing runs. */
  shrink?(): void;
}
interface Engine {
  fullGC(): void;
}

/** What is dead goes; compiled code stays, as it does not with the runtime's usual way. */
export function collectGarbage(): void {
  const engine = process.getBuiltinModule("bun:jsc") as unknown as Engine | undefined;
  engine?.fullGC();
}

/** What is dead goes, all code that was compiled, and what the code was made from. */
export function dropCode(): void {
  const { Bun: runtime } = globalThis as { Bun?: Runtime };
  if (runtime === undefined) return;
  runtime.gc(true);
  runtime.shrink?.();
}
