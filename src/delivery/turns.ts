/** One drain at a time, for as long as something is due. */

interface TurnsSettings {
  /** Does what is due; returns what has to be waited for before it goes on. */
  drain(): Promise<void> | undefined;
  isDue(): boolean;
}

export class Turns {
  /** The drain that something waits in. */
  pending: Promise<void> | undefined;
  readonly #settings: TurnsSettings;
  /** In the part of a drain that needs no promise. */
  #isWriting = false;

  constructor(settings: TurnsSettings) {
    this.#settings = settings;
  }

  wake(): void {
    if (this.pending !== undefined || this.#isWriting || !this.#settings.isDue()) return;
    this.#isWriting = true;
    let pending: Promise<void> | undefined;
    try {
      pending = this.#settings.drain();
    } catch (error) {
      // Nothing of a handler's may end the tick that it is called from.
      pending = Promise.reject(error);
    }
    this.#isWriting = false;
    if (pending === undefined) return;
    this.pending = this.#goOn(pending).finally(() => {
      this.pending = undefined;
      this.wake();
    });
  }

  /** Resolves when nothing is due any more. */
  async end(): Promise<void> {
    while (this.pending !== undefined) await this.pending;
  }

  async #goOn(pending: Promise<void>): Promise<void> {
    for (
      let next: Promise<void> | undefined = pending;
      next !== undefined;
      next = this.#settings.drain()
    ) {
      await next;
    }
  }
}
