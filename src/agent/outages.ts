/** When handlers could not deliver: a bounded list, kept over restarts. */

import type { ErrorState } from "../core/error_reporter.ts";
import type { Clock } from "../ports/clock.ts";

export interface Outage {
  readonly handler: string;
  /** Seconds since the epoch. */
  readonly from: number;
  /** Null while it lasts. */
  readonly to: number | null;
  readonly reason: string;
}

/** What is seen of a worker. */
interface Watched {
  readonly name: string;
  readonly trouble: ErrorState | undefined;
}

const MAX_OUTAGES = 200;
const MAX_REASON = 300;

export class Outages {
  readonly #ended: Outage[];
  readonly #open = new Map<string, Outage>();

  /** One that was open when the state was kept, at `keptMs`, is known to have lasted until then. */
  constructor(saved: readonly Outage[] = [], keptMs = 0) {
    this.#ended = saved.slice(-MAX_OUTAGES).map((one) => ({ ...one, to: one.to ?? keptMs / 1000 }));
  }

  /** After each tick; makes nothing while nothing changes. */
  look(workers: readonly Watched[], clock: Clock): void {
    for (let at = 0; at < workers.length; at++) {
      const { name, trouble } = workers[at];
      if (trouble === undefined) {
        if (this.#open.size > 0) this.#end(name, clock);
      } else if (!this.#open.has(name)) {
        const reason = trouble.message.slice(0, MAX_REASON);
        this.#open.set(name, { handler: name, from: trouble.first / 1000, to: null, reason });
      }
    }
    if (this.#open.size > 0) this.#endOfOthers(workers, clock);
  }

  /** The oldest first. */
  all(): readonly Outage[] {
    return [...this.#ended, ...this.#open.values()].sort((a, b) => a.from - b.from);
  }

  between(from: number, to: number): readonly Outage[] {
    return this.all().filter((one) => one.from <= to && (one.to ?? Infinity) >= from);
  }

  /** A reload may have taken handlers away. */
  #endOfOthers(workers: readonly Watched[], clock: Clock): void {
    for (const name of this.#open.keys()) {
      if (!workers.some((worker) => worker.name === name)) this.#end(name, clock);
    }
  }

  #end(name: string, clock: Clock): void {
    const outage = this.#open.get(name);
    if (outage === undefined) return;
    this.#open.delete(name);
    // A clock that was set back makes no outage that ends before it begins.
    this.#ended.push({ ...outage, to: Math.max(outage.from, clock.now() / 1000) });
    if (this.#ended.length > MAX_OUTAGES) this.#ended.shift();
  }
}
