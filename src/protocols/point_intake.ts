/** Points that programs send between two runs of a listener, bounded in number and names. */

import { ownText } from "../core/own_text.ts";
import { type UnreadLine, unreadPart } from "../core/unread_lines.ts";

interface IntakeLimits {
  readonly max_points: number;
  readonly max_names: number;
}

interface Reports {
  skipLine(line: UnreadLine): void;
  leaveOut(count: number, what: string): void;
}

type Saved = Pick<
  PointIntake,
  "count" | "repeated" | "unreadable" | "unread" | "leftOut" | "crowd"
>;

interface Name {
  readonly path: string;
  /** The last interval in which it came. */
  seen: number;
  /** Its last point there, and all of them by time where they have several. */
  last: number;
  byTime: Map<number, number> | undefined;
}

/** Names that were not there for this many intervals make room. */
const FORGET_AFTER = 60;
const INITIAL_POINTS = 256;
/** Stands for the time of the interval. */
const NOW = -1;

/** Points stand in columns, since an object for each would be most of a flood's memory. */
export class PointIntake {
  /** Points that wait. */
  count = 0;
  /** Points that took the place of one with their path and time. */
  repeated = 0;
  unreadable = 0;
  unread: UnreadLine | undefined;
  leftOut = 0;
  /** The limit, and the first that was over it. */
  crowd: string | undefined;
  /** There were more than max_points since `save`. */
  overflowed = false;
  readonly #limits: IntakeLimits;
  readonly #names = new Map<string, Name>();
  readonly #of: Name[] = [];
  #values = new Float64Array(INITIAL_POINTS);
  #times = new Float64Array(INITIAL_POINTS);
  #interval = 0;

  constructor(limits: IntakeLimits) {
    this.#limits = limits;
  }

  /** What a sender's request may add to, until it is taken back. */
  save(): Saved {
    const { count, repeated, unreadable, unread, leftOut, crowd } = this;
    this.overflowed = false;
    return { count, repeated, unreadable, unread, leftOut, crowd };
  }

  restore(saved: Saved): void {
    Object.assign(this, saved);
  }

  /** `time` in seconds since the epoch; undefined: that of the interval. */
  add(path: string, value: number, time: number | undefined): void {
    const { max_points, max_names } = this.#limits;
    const stamp = time ?? NOW;
    let name = this.#names.get(path);
    if (name !== undefined && this.#repeats(name, value, stamp)) return;
    if (this.count >= max_points) {
      this.overflowed = true;
      return this.leaveOut(`max_points = ${max_points}`, path);
    }
    if (name === undefined) {
      if (this.#names.size >= max_names) return this.leaveOut(`max_names = ${max_names}`, path);
      name = { path: ownText(path), seen: -1, last: 0, byTime: undefined };
      this.#names.set(name.path, name);
    }
    if (this.count === this.#values.length) this.#grow();
    this.#place(name, stamp);
    this.#of[this.count] = name;
    this.#values[this.count] = value;
    this.#times[this.count++] = stamp;
  }

  /** What cannot be read; `what` is shown. */
  refuse(what: string): void {
    this.unreadable++;
    this.unread ??= unreadPart("what came", what);
  }

  /** `limit` as it stands in the configuration. */
  leaveOut(limit: string, what: string): void {
    this.leftOut++;
    this.crowd ??= `more than ${limit}, with "${what}"`;
  }

  /** Hands over what waits, in order. */
  each(take: (path: string, value: number, time: number | undefined) => void): void {
    for (let at = 0; at < this.count; at++) {
      const time = this.#times[at];
      take(this.#of[at].path, this.#values[at], time === NOW ? undefined : time);
    }
  }

  /** Says what could not be read and what was over a limit, and begins the next interval. */
  end({ skipLine, leaveOut }: Reports): void {
    if (this.unread !== undefined) skipLine(this.unread);
    if (this.crowd !== undefined) leaveOut(this.leftOut, this.crowd);
    this.flush();
  }

  /** Begins the next interval. */
  flush(): void {
    this.count =
      this.repeated =
      this.unreadable =
      this.leftOut =
        0;
    this.unread = this.crowd = undefined;
    this.#interval++;
    for (const [path, name] of this.#names) {
      name.byTime = undefined;
      if (name.seen <= this.#interval - FORGET_AFTER) this.#names.delete(path);
    }
  }

  /** The last value of a path and a time counts, as in Graphite. */
  #repeats(name: Name, value: number, time: number): boolean {
    if (name.seen !== this.#interval) return false;
    const at = name.byTime === undefined ? name.last : name.byTime.get(time) ?? -1;
    // What was taken back has left its place to others.
    if (at < 0 || at >= this.count || this.#of[at] !== name || this.#times[at] !== time) {
      return false;
    }
    this.#values[at] = value;
    this.repeated++;
    return true;
  }

  #place(name: Name, time: number): void {
    if (name.seen !== this.#interval) name.seen = this.#interval;
    else {
      name.byTime ??= new Map([[this.#times[name.last], name.last]]);
      name.byTime.set(time, this.count);
    }
    name.last = this.count;
  }

  #grow(): void {
    const length = Math.min(2 * this.#values.length, this.#limits.max_points);
    const [values, times] = [new Float64Array(length), new Float64Array(length)];
    values.set(this.#values);
    times.set(this.#times);
    [this.#values, this.#times] = [values, times];
  }
}
