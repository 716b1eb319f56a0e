/**
 * A spool whose file another process has. When that process is lost with its file system, what is settled meanwhile is
 * settled in the file as soon as it can be opened again, and what is on its way is not read a second time.
 */

import type { Metric } from "../../core/metric.ts";
import type { Spool, SpooledBatch, SpoolLog } from "../../ports/spool.ts";
import type { Far } from "../far/far_process.ts";
import {
  decodeMetrics,
  encodeMetrics,
  type SpoolAnswer,
  type SpoolState,
  type WireSpooled,
} from "./spool_wire.ts";

interface FarSpoolSettings {
  readonly far: Far;
  /** The result is the number of the spool there. */
  open(): SpoolAnswer;
  closed(): void;
  readonly log: SpoolLog;
}

/** Batches whose sizes are known from storing them. */
const MAX_SIZES = 1000;

export class FarSpool implements Spool {
  readonly #settings: FarSpoolSettings;
  #number = 0;
  #generation = 0;
  #state: SpoolState = { points: 0, bytes: 0, damaged: 0, warnings: [] };
  #damaged = 0;
  /** Points of batches, by the number of the batch; of several that were read at once the first one has all. */
  readonly #sizes = new Map<number, number>();
  /** Batches that were read, or sent from memory. */
  readonly #out = new Set<number>();
  /** Batches that were delivered while the file was out of reach. */
  #owed: number[] = [];
  #lastStored = 0;
  /** Batches that may have been stored or not. Their points wait elsewhere. */
  #uncertain = 0;

  constructor(settings: FarSpoolSettings) {
    this.#settings = settings;
    this.#open();
  }

  get points(): number {
    return this.#state.points;
  }

  get bytes(): number {
    return this.#state.bytes;
  }

  get oldest(): number | undefined {
    return this.#state.oldest;
  }

  takeDamaged(): number {
    const told = this.#damaged;
    this.#damaged = 0;
    return told;
  }

  store(batch: readonly Metric[]): number {
    this.#openAgain();
    let id: number;
    try {
      id = this.#call("store", encodeMetrics(batch)) as number;
    } catch (error) {
      if (this.#isLost) this.#uncertain++;
      throw error;
    }
    this.#lastStored = id;
    this.#note(id, batch.length);
    return id;
  }

  read(most: number): SpooledBatch | undefined {
    const found = this.#call("read", most) as WireSpooled | undefined;
    if (found === undefined) return undefined;
    const { ids } = found;
    const metrics = decodeMetrics(found.batch);
    for (const [index, id] of ids.entries()) {
      this.#out.add(id);
      this.#note(id, index === 0 ? metrics.length : 0);
    }
    return { ids, metrics };
  }

  skip(ids: readonly number[]): void {
    for (const id of ids) this.#out.add(id);
    if (!this.#isLost) this.#call("skip", ids);
  }

  requeue(ids: readonly number[]): void {
    for (const id of ids) this.#out.delete(id);
    if (!this.#isLost) this.#call("requeue", ids);
  }

  ack(ids: readonly number[]): void {
    const points = ids.reduce((sum, id) => sum + (this.#sizes.get(id) ?? 0), 0);
    for (const id of ids) {
      this.#out.delete(id);
      this.#sizes.delete(id);
    }
    try {
      if (!this.#isLost) return void this.#call("ack", ids);
    } catch (error) {
      if (!this.#isLost) throw error;
    }
    this.#owed.push(...ids);
    this.#state = { ...this.#state, points: this.#state.points - points };
  }

  trim(): ReturnType<Spool["trim"]> {
    return this.#call("trim") as ReturnType<Spool["trim"]>;
  }

  drop(): number {
    return this.#call("drop") as number;
  }

  close(): void {
    try {
      if (!this.#isLost) this.#call("close");
    } catch {
      // The next start opens what is there.
    }
    this.#settings.closed();
  }

  get #isLost(): boolean {
    const { far } = this.#settings;
    return !far.isRunning || far.generation !== this.#generation;
  }

  #note(id: number, points: number): void {
    this.#sizes.set(id, points);
    if (this.#sizes.size <= MAX_SIZES) return;
    for (const old of this.#sizes.keys()) {
      if (!this.#out.has(old)) return void this.#sizes.delete(old);
    }
  }

  #open(): void {
    const { far, open } = this.#settings;
    const { result, state } = open();
    this.#number = result as number;
    this.#generation = far.generation;
    this.#take(state);
  }

  #openAgain(): void {
    if (!this.#isLost) return;
    const expected = this.#state.points;
    this.#open();
    if (this.#out.size > 0) this.#callNow("skip", [...this.#out]);
    const late = this.#lastStored === 0 ? [] : Array.from(
      { length: this.#uncertain },
      (_, index) => this.#lastStored + 1 + index,
    );
    if (this.#owed.length + late.length > 0) this.#callNow("ack", [...this.#owed, ...late]);
    this.#owed = [];
    this.#uncertain = 0;
    this.#damaged += expected - this.#state.points;
  }

  #call(name: string, ...args: readonly unknown[]): unknown {
    this.#openAgain();
    return this.#callNow(name, ...args);
  }

  #callNow(name: string, ...args: readonly unknown[]): unknown {
    const answer = this.#settings.far.callOn(this.#number, name, ...args) as SpoolAnswer;
    this.#take(answer.state);
    return answer.result;
  }

  #take(state: SpoolState): void {
    this.#state = state;
    this.#damaged += state.damaged;
    for (const warning of state.warnings) this.#settings.log.warn(warning);
  }
}
