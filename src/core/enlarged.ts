/** Typed arrays do not grow: a larger one takes over what is there. */
export function enlarged<T extends Uint8Array | Int32Array | Float64Array>(larger: T, old: T): T {
  larger.set(old);
  return larger;
}
