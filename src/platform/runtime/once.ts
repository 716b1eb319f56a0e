/** Calls `make` once, on first use, and keeps the result, even `undefined`. */

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
