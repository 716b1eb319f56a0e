/** The number of each series of the history: blocks name their columns by it. */

export class SeriesNumbers {
  /** Paths that no block in the file names yet. */
  readonly unsaved = new Map<number, string>();
  readonly #numbers = new Map<string, number>();
  #last = 0;

  constructor(known: Iterable<readonly [number: number, path: string]>) {
    for (const [number, path] of known) {
      this.#numbers.set(path, number);
      this.#last = Math.max(this.#last, number);
    }
  }

  get size(): number {
    return this.#numbers.size;
  }

  has(path: string): boolean {
    return this.#numbers.has(path);
  }

  paths(): Iterable<string> {
    return this.#numbers.keys();
  }

  /** The path's number: a new one where it has none. */
  readonly numberOf = (path: string): number => {
    let number = this.#numbers.get(path);
    if (number === undefined) {
      number = ++this.#last;
      this.#numbers.set(path, number);
      this.unsaved.set(number, path);
    }
    return number;
  };

  /** Of paths, those that are known, by their numbers. */
  namesOf(paths: Iterable<string>): Map<number, string> {
    const names = new Map<number, string>();
    for (const path of paths) {
      const number = this.#numbers.get(path);
      if (number !== undefined) names.set(number, path);
    }
    return names;
  }

  /** All are in the file now. */
  saved(): void {
    this.unsaved.clear();
  }

  /** No block names these any more. */
  forget(numbers: Iterable<number>): void {
    const gone = new Set(numbers);
    if (gone.size === 0) return;
    for (const [path, number] of this.#numbers) if (gone.has(number)) this.#numbers.delete(path);
  }
}
