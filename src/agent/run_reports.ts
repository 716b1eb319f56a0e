/** What a collector's runs lead to: what is logged, what is degraded, and how many slots are skipped after failures. */

import type { Run } from "../core/emitter.ts";
import { badData, codeOf, isNoData, messageOf, timedOut } from "../core/errors.ts";
import {
  createErrorReporter,
  type ErrorReporter,
  type ErrorState,
} from "../core/error_reporter.ts";
import type { SeriesLimit } from "../core/series_limit.ts";
import { UnreadLines } from "../core/unread_lines.ts";
import type { Log } from "../ports/log.ts";
import type { RunRecord } from "./run_record.ts";

const REPORT_SECONDS = 300;
/** Failures in a row before slots are skipped; then one more per failure, up to MAX_SKIPPED. */
const PATIENCE = 3;
const MAX_SKIPPED = 5;
/** After so many below its limit of series a collector is well again. */
const ROOMY_RUNS = 100;

interface Reporting {
  readonly section: string;
  readonly record: RunRecord;
  readonly limit: SeriesLimit;
  readonly log: Log;
  now(): number;
}

export class RunReports {
  readonly unread = new UnreadLines();
  readonly trouble: ErrorReporter;
  readonly refusals: ErrorReporter;
  readonly crowds: ErrorReporter;
  readonly #about: Reporting;
  absence: ErrorState | undefined;
  /** Slots that are still to be skipped. */
  toSkip = 0;
  /** When an absence was news. */
  #absenceLogged = -Infinity;
  #failuresInRow = 0;
  #roomyRuns = 0;
  /** A limit of the collector's own that this run came to. */
  #overLimit: string | undefined;
  #hasLoggedMended = false;
  #hasLoggedDoubled = false;
  readonly #warnUnread: (message: string) => void;

  constructor(about: Reporting) {
    const { log, now, section } = about;
    this.#about = about;
    this.trouble = createErrorReporter(log, now, REPORT_SECONDS);
    this.refusals = createErrorReporter(log, now, REPORT_SECONDS);
    this.crowds = createErrorReporter(log, now, REPORT_SECONDS);
    this.#warnUnread = (message) => log.warn(`${section}: ${message}`);
  }

  /** A slot came while a run was still busy. */
  busy(): void {
    this.trouble.report(this.#about.section, timedOut("The last run has still not ended"));
  }

  /** See `LeaveOut`. */
  leaveOut(count: number, what: string): void {
    this.#about.record.leftOut += count;
    this.#overLimit ??= what;
  }

  /** `refusal`: why values of the run were refused. */
  end(run: Run, refusal: string | undefined, error: unknown): void {
    const { section, record, log } = this.#about;
    record.unread += this.unread.end(this.#warnUnread);
    record.refused += run.refused;
    record.leftOut += run.leftOut;
    if (refusal !== undefined && run.refused > 0) this.refusals.report(section, badData(refusal));
    this.#reportCrowd();
    if (run.mended !== undefined && !this.#hasLoggedMended) {
      this.#hasLoggedMended = true;
      log.warn(`${section}: ${run.mended}. More such names are not logged`);
    }
    if (run.doubled !== undefined && !this.#hasLoggedDoubled) {
      this.#hasLoggedDoubled = true;
      log.warn(`${section}: "${run.doubled}" comes twice in a run. It is published once`);
    }
    if (error === undefined) this.#succeeded();
    else this.#failed(error);
  }

  #succeeded(): void {
    const { section, log } = this.#about;
    if (this.absence !== undefined) log.debug(`${section} finds data again`);
    this.absence = undefined;
    this.#failuresInRow = 0;
    this.trouble.clear(section);
  }

  #failed(error: unknown): void {
    const { section, record } = this.#about;
    record.failures++;
    if (isNoData(error)) return this.#reportAbsence(error);
    this.absence = undefined;
    // While something is published, what is missing costs nothing but itself.
    this.#failuresInRow = record.silentRuns === 0 ? 0 : this.#failuresInRow + 1;
    this.toSkip = Math.min(Math.max(0, this.#failuresInRow - PATIENCE), MAX_SKIPPED);
    this.trouble.report(section, error);
  }

  /** What is not there is news once, and costs nothing to look for again at each interval. */
  #reportAbsence(error: unknown): void {
    const { section, log } = this.#about;
    const now = this.#about.now();
    const isNews = this.absence === undefined &&
      now - this.#absenceLogged >= REPORT_SECONDS * 1000;
    if (isNews) this.#absenceLogged = now;
    const message = messageOf(error);
    log[isNews ? "info" : "debug"](`${section} finds no data: ${message}`);
    const { first = now, count = 0 } = this.absence ?? {};
    this.absence = { message, code: codeOf(error), first, last: now, count: count + 1 };
    this.#failuresInRow = 0;
    this.toSkip = 0;
  }

  /** Names that change from run to run come to the limit now and then. */
  #reportCrowd(): void {
    const { section, limit } = this.#about;
    const crowd = limit.takeCrowd();
    const series = crowd === undefined ? undefined : `Too many series: ${crowd}`;
    const overLimit = series ?? this.#overLimit;
    this.#overLimit = undefined;
    if (overLimit !== undefined) {
      this.#roomyRuns = 0;
      this.crowds.report(section, badData(overLimit));
    } else if (this.crowds.state !== undefined && ++this.#roomyRuns > ROOMY_RUNS) {
      this.crowds.clear(section);
    }
  }
}
