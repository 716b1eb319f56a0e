/** A value that others follow. */

export interface Store<T> {
  get(): T;
  set(value: T): void;
  /** Calls `listener` at each change, not now. Returns what ends that. */
  follow(listener: (value: T) => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of listeners) listener(next);
    },
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
