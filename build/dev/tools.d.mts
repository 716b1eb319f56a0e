/** Types of tools.mjs, for the tests that start the runtimes themselves. */
export const root: string;
export function ensurePackages(): void;
export function bun(): string;
export function deno(): string;
export function tsc(): string;
