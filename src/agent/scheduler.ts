/**
 * When collectors run. Time is cut into slots of one interval each; a collector runs once per slot,
 * at its offset, and all that are due share one wake-up. Waiting follows the wall clock, so that runs
 * stay aligned for as long as the agent lives; a step of the clock costs one slot at most.
 */

import { fnv1a } from "../core/hash.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { within } from "../delivery/deadline.ts";
import type { Pipeline } from "../delivery/pipeline.ts";
import type { CollectorRunner } from "./runner_contract.ts";
import { TickFlush } from "./tick_flush.ts";

export interface Scheduler {
  /** Runs every collection at once, then each at its time. */
  start(): void;
  /** No run begins after this. Resolves when none is busy, or after `seconds`. */
  stop(seconds: number): Promise<void>;
  /** When each collection runs next. */
  phases(): Phases;
}

/** Milliseconds since the epoch. */
type Phases = ReadonlyMap<CollectorRunner, number>;

/** Notices a clock that was set, and a host that slept, within this time. */
const LONGEST_SLEEP = 60_000;
/** A clock that runs evenly does not drift as far as this between two looks. */
const STEP = 500;
/** Timers may fire this much too early: no reason to wake up twice. */
const EARLY = 2;

interface Job {
  readonly runner: CollectorRunner;
  /** Milliseconds of the next run. */
  due: number;
}

/**
 * `phases`: of the scheduler that this one takes over from; what it had scheduled goes on as it was.
 * `ticked` is called after each wake-up.
 */
export function createScheduler(
  runners: readonly CollectorRunner[],
  pipeline: Pipeline,
  clock: Clock,
  log: Log,
  phases?: Phases,
  ticked: () => void = () => {},
): Scheduler {
  const jobs: Job[] = [];
  // No closure may hold the phases, or each reload would keep all that were before it.
  for (const runner of runners) jobs.push({ runner, due: phases?.get(runner) ?? 0 });
  return new SlotScheduler(jobs, { pipeline, clock, log, ticked });
}

interface Surroundings {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly log: Log;
  readonly ticked: () => void;
}

class SlotScheduler implements Scheduler {
  readonly #jobs: readonly Job[];
  readonly #with: Surroundings;
  readonly #busy = new Set<Promise<void>>();
  #stopped = false;
  /** Of the next turn. */
  #cancel = () => {};
  /** The wall clock's lead over the other one, at the last turn. */
  #ahead = 0;
  readonly #turn = () => this.#takeTurn();

  constructor(jobs: readonly Job[], surroundings: Surroundings) {
    this.#jobs = jobs;
    this.#with = surroundings;
  }

  start(): void {
    const { clock } = this.#with;
    this.#ahead = clock.now() - clock.monotonic();
    this.#takeTurn();
  }

  async stop(seconds: number): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await within(this.#with.clock, seconds, Promise.all(this.#busy));
  }

  phases(): Phases {
    return new Map(this.#jobs.map(({ runner, due }) => [runner, due]));
  }

  /** Uses a timer alone: awaiting a promise takes as long as a run of a collector. */
  #takeTurn(): void {
    const { clock } = this.#with;
    const now = clock.now();
    this.#followClock(now);
    this.#tick(now);
    if (this.#stopped) return;
    let next = Infinity;
    for (const { due } of this.#jobs) next = Math.min(next, due);
    const wait = Math.min(Math.max(next - clock.now(), 1), LONGEST_SLEEP);
    this.#cancel = clock.after(wait, this.#turn);
  }

  /** A clock that was set back would leave runs waiting for the old time. */
  #followClock(now: number): void {
    const shift = now - this.#with.clock.monotonic() - this.#ahead;
    this.#ahead += shift;
    if (shift >= -STEP) return;
    for (const job of this.#jobs) job.due = Math.min(job.due, nextDue(job.runner, now));
  }

  #tick(now: number): void {
    const { pipeline, log, ticked } = this.#with;
    const flush = new TickFlush(pipeline);
    for (const job of this.#jobs) {
      if (job.due > now + EARLY) continue;
      const time = Math.max(now, job.due);
      const isFirst = job.due === 0;
      if (!isFirst) job.runner.skip(passed(job.runner, job.due, time));
      job.due = nextDue(job.runner, time);
      const outcome = job.runner.run(timestampOf(job.runner, time, isFirst));
      if (outcome instanceof Promise) this.#watch(flush.takeLater(outcome));
      else flush.take(outcome);
    }
    flush.end();
    try {
      ticked();
    } catch (error) {
      // A failure in housekeeping must not stop the ticks.
      log.error("The agent could not look after itself", error);
    }
  }

  #watch(work: Promise<void>): void {
    const { log } = this.#with;
    const guarded = work.catch((error) => log.error("A run could not be delivered", error)).finally(
      () => this.#busy.delete(guarded),
    );
    this.#busy.add(guarded);
  }
}

/** Slots between the one that was due and the one of `now`. */
function passed({ interval }: CollectorRunner, due: number, now: number): number {
  return Math.floor((now - due) / (interval * 1000));
}

/**
 * The timestamp of a run that begins now, in whole seconds. It is the second that the run was due in, however late a
 * busy machine lets it begin, so that stamps are one interval apart; the first run is due at once.
 */
export function timestampOf(
  { interval, offset }: Pick<CollectorRunner, "interval" | "offset">,
  now: number,
  isFirst = false,
): number {
  const length = interval * 1000;
  const phase = offset * 1000;
  const due = isFirst ? now : Math.floor((now - phase) / length) * length + phase;
  return Math.floor(due / 1000);
}

/** The next slot's run; the slot of `now` has been served. */
function nextDue({ interval, offset }: CollectorRunner, now: number): number {
  const length = interval * 1000;
  return (Math.floor(now / length) + 1) * length + offset * 1000;
}

/**
 * Seconds into the interval at which a host's collectors run: a hash of the host's name, so that
 * hosts spread over the interval and stay where they are, and whole seconds, so that the collectors
 * of one interval share their wake-ups.
 */
export function staggerOffset(hostname: string, interval: number): number {
  const seconds = Math.floor(interval);
  if (seconds <= 1) return 0;
  return fnv1a(hostname) % seconds;
}
