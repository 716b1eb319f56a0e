/**
 * What programs' points become between two runs: values with their own times. A resent point is known by its series
 * and time. Bounded in names and in points.
 */

import { type GrowthSettings, type LastPoint, publishPoint } from "./otlp_growth.ts";
import type { Attributes, OtlpPoint } from "./otlp_points.ts";

interface OtlpSettings {
  readonly maxNames: number;
  readonly maxPoints: number;
  /** Seconds. */
  readonly interval: number;
  readonly isRaw: boolean;
  readonly withBuckets: boolean;
  /** Undefined where the point is not wanted. */
  pathOf(point: OtlpPoint): string | undefined;
}

interface PathValue {
  readonly path: string;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly time: number;
}

/** One series of one program. */
interface Stream {
  readonly path: string;
  /** Names that it takes. */
  names: number;
  readonly last: LastPoint;
  /** The interval in which its last point came. */
  seen: number;
  /** Its path has been its own. */
  hasOwned: boolean;
}

/** A series counts as one name more for each so many characters that it is known by. */
const KEY_CHARS = 2000;
/** Series that were not there for this many intervals make room. */
const FORGET_AFTER = 60;

export class OtlpStreams {
  points: PathValue[] = [];
  /** Points that had come before. */
  resent = 0;
  leftOut = 0;
  /** The limit, and the first that was over it. */
  crowd: string | undefined;
  /** The first path that series of two programs have. */
  shared: string | undefined;
  readonly #settings: OtlpSettings;
  readonly #growth: GrowthSettings;
  readonly #streams = new Map<string, Stream>();
  readonly #owners = new Map<string, Stream>();
  #names = 0;
  #interval = 0;

  /** `opened`: milliseconds since the epoch. */
  constructor(settings: OtlpSettings, opened: number) {
    this.#settings = settings;
    const { interval, isRaw } = settings;
    this.#growth = { opened: BigInt(Math.floor(opened)) * 1_000_000n, interval, isRaw };
  }

  /** More points have to wait for the next interval. */
  get isFull(): boolean {
    return this.points.length >= this.#settings.maxPoints;
  }

  /** False where it was left out. */
  add(point: OtlpPoint): boolean {
    const { maxNames, maxPoints, withBuckets } = this.#settings;
    const key = keyOf(point);
    const known = this.#streams.get(key);
    const path = known?.path ?? this.#settings.pathOf(point);
    if (path === undefined) return true;
    if (known !== undefined && point.time <= known.last.time) {
      this.resent++;
      known.seen = this.#interval;
      return true;
    }
    if (this.isFull) return this.#leaveOut(`max_points = ${maxPoints}`, path);
    const values = withBuckets
      ? point.values
      : point.values.filter(({ part }) => !part.startsWith("bucket."));
    const names = values.length + Math.floor(key.length / KEY_CHARS);
    if (this.#names - (known?.names ?? 0) + names > maxNames) {
      return this.#leaveOut(`max_names = ${maxNames}`, path);
    }
    const stream = known ?? this.#open(key, path);
    this.#names += names - stream.names;
    stream.names = names;
    const { last } = stream;
    const { start, time } = point;
    const at = Number(time / 1_000_000_000n);
    publishPoint({ ...point, values }, last, this.#growth, (part, value) => {
      this.points.push({ path: part === "" ? path : `${path}.${part}`, value, time: at });
    });
    [last.start, last.time, stream.seen] = [start, time, this.#interval];
    this.#own(stream);
    return true;
  }

  /** Begins the next interval. */
  flush(): void {
    this.points = [];
    this.resent = this.leftOut = 0;
    this.crowd = this.shared = undefined;
    this.#interval++;
    for (const [key, stream] of this.#streams) {
      if (stream.seen > this.#interval - FORGET_AFTER) continue;
      this.#streams.delete(key);
      this.#names -= stream.names;
      if (this.#owners.get(stream.path) === stream) this.#owners.delete(stream.path);
    }
  }

  #open(key: string, path: string): Stream {
    const last = { start: 0n, time: 0n, stands: new Map() };
    const stream = { path, names: 0, last, seen: this.#interval, hasOwned: false };
    this.#streams.set(key, stream);
    return stream;
  }

  /** A series that goes on after another one took its path is not the one before a restart. */
  #own(stream: Stream): void {
    if (this.#owners.get(stream.path) === stream) return;
    if (stream.hasOwned) this.shared ??= stream.path;
    stream.hasOwned = true;
    this.#owners.set(stream.path, stream);
  }

  #leaveOut(limit: string, path: string): false {
    this.leftOut++;
    this.crowd ??= `more than ${limit}, with "${path}"`;
    return false;
  }
}

/** All by which series differ, also what their names do not show. */
function keyOf({ name, scope, resource, attributes }: OtlpPoint): string {
  return [name, scope, ...flat(resource), "", ...flat(attributes)].join("\0");
}

function flat(attributes: Attributes): string[] {
  return attributes.flatMap(([key, text]) => [key, text]);
}
