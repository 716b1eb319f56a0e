/** Messages that brokers have although the write of their batch failed: the worker will send them again. */

import type { Message } from "../../ports/brokers.ts";

/** Some batches. What is beyond is sent twice. */
const MAX_KNOWN = 50_000;

export class KnownMessages {
  readonly #counts = new Map<string, number>();

  add(messages: readonly Message[]): void {
    if (this.#counts.size > MAX_KNOWN) this.#counts.clear();
    for (const message of messages) this.#change(message, 1);
  }

  /** Those of them that are known; each as often as it was added. */
  among(messages: readonly Message[]): ReadonlySet<Message> {
    if (this.#counts.size === 0) return new Set();
    const left = new Map<string, number>();
    return new Set(messages.filter((message) => {
      const name = nameOf(message);
      const count = left.get(name) ?? this.#counts.get(name) ?? 0;
      left.set(name, count - 1);
      return count > 0;
    }));
  }

  /** The worker knows now. */
  forget(messages: Iterable<Message>): void {
    for (const message of messages) this.#change(message, -1);
  }

  #change(message: Message, by: number): void {
    const name = nameOf(message);
    const count = (this.#counts.get(name) ?? 0) + by;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}

function nameOf({ key = "", text }: Message): string {
  return `${key}\n${text}`;
}
