/** What is made when it is wanted first, and stays: also where it turned out to be undefined. */

export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
