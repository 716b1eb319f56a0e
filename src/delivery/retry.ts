/** Tracks the consecutive failures of one handler: logs them, and sets the pause after each. */

import {
  createErrorReporter,
  type ErrorReporter,
  type ErrorState,
} from "../core/error_reporter.ts";
import type { Failure } from "../core/errors.ts";
import type { DeliveryValues } from "../core/handler.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { backoffSeconds } from "./backoff.ts";

interface RetrySettings {
  readonly name: string;
  readonly options: DeliveryValues;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/** Pause between attempts of the last flush, which has no time for a back-off. */
const STOP_RETRY_SECONDS = 0.25;
/** The longest pause that a backend may ask for. */
const MAX_ASKED_SECONDS = 300;

export class Retry {
  readonly #settings: RetrySettings;
  readonly #trouble: ErrorReporter;
  #pause = new AbortController();
  failures = 0;
  /** True during the last flush, which has no time for a back-off. */
  isLast = false;

  constructor(settings: RetrySettings) {
    const { options, clock, log } = settings;
    this.#settings = settings;
    this.#trouble = createErrorReporter(log, () => clock.now(), options.server_error_interval);
  }

  get trouble(): ErrorState | undefined {
    return this.#trouble.state;
  }

  failed(error: unknown): void {
    this.failures++;
    this.#trouble.report(this.#settings.name, error);
  }

  succeeded(waiting: () => string): void {
    this.failures = 0;
    if (this.#trouble.state !== undefined) this.#trouble.clear(this.#settings.name, waiting());
  }

  /** Until the next try. */
  backOff(error: unknown): Promise<void> {
    const { options, random } = this.#settings;
    const asked = Math.min((error as Partial<Failure>)?.retryAfter ?? 0, MAX_ASKED_SECONDS);
    const seconds = this.isLast
      ? STOP_RETRY_SECONDS
      : Math.max(asked, backoffSeconds(this.failures, options.retry_max_interval, random));
    return this.sleep(1000 * seconds);
  }

  sleep(ms: number): Promise<void> {
    this.#pause = new AbortController();
    return this.#settings.clock.sleep(ms, this.#pause.signal);
  }

  /** Whoever waits goes on now. */
  interrupt(): void {
    this.#pause.abort();
  }
}
