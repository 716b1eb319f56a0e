/**
 * Points on disk: what a handler could not deliver, in batches, oldest first. The worker decides what
 * is stored and when it is settled; where it lies and how is the platform's.
 */

import type { Metric } from "../core/metric.ts";

export interface SpooledBatch {
  readonly ids: readonly number[];
  readonly metrics: readonly Metric[];
}

export interface Spool {
  /** Stored points, with those that were read and are not settled yet. */
  readonly points: number;
  /** Room that they take on the disk. */
  readonly bytes: number;
  /** Seconds since the epoch of the oldest batch; undefined where there is none. */
  readonly oldest: number | undefined;
  /**
   * Points that were found to be damaged, and are gone, since this was asked last. Negative where a
   * batch turned out to have more than its count said.
   */
  takeDamaged(): number;
  /** Stores a batch and returns its id. Throws when the disk does not take it; then nothing is stored. */
  store(batch: readonly Metric[]): number;
  /** The next batches that were not read yet, oldest first, up to about `most` points; undefined when there are none. */
  read(most: number): SpooledBatch | undefined;
  /** These were sent from memory: `read` passes them over. */
  skip(ids: readonly number[]): void;
  /** These are to be read again. */
  requeue(ids: readonly number[]): void;
  /** Forgets batches: they were delivered. */
  ack(ids: readonly number[]): void;
  /** Removes the oldest batches until the bounds of size and age hold; returns the points that went. */
  trim(): { readonly full: number; readonly expired: number };
  /** Removes everything; returns the points that went. */
  drop(): number;
  /** Closes the file; one without batches is removed. */
  close(): void;
}

/** The worker that was here before a reload has not let it go yet. */
export class SpoolInUse extends Error {}

/** Where spools lie, one a handler. */
export interface Spools {
  /** Whether points of an earlier run wait there. Never throws. */
  exists(handler: string): boolean;
  /** Opens or makes it. Throws where that is not possible now: another agent has it, the disk is full … */
  open(handler: string, log: SpoolLog): Spool;
  /** The handlers that have one. */
  handlers(): readonly string[];
  /** Lets the folder go. */
  close(): void;
}

export type SpoolLog = { warn(message: string): void };

/** A batch is never larger, so that a write, and a row, stand for a bounded amount of work. */
export const MAX_PER_WRITE = 2000;

/** The folder in which handlers have their spools. */
export interface SpoolFolder {
  readonly path: string;
  /** For each handler. */
  readonly maxBytes: number;
  /** Seconds. */
  readonly maxAge: number;
  /** What a stored batch survives: a kill of the agent, or the loss of power. */
  readonly sync: "process" | "power";
}

/** What a folder has of one handler. */
export interface SpoolSummary {
  readonly handler: string;
  readonly file: string;
  readonly bytes: number;
  /** Undefined where the file cannot be read, which `problem` explains. */
  readonly points?: number;
  readonly batches?: number;
  readonly oldest?: number;
  readonly newest?: number;
  readonly problem?: string;
}
