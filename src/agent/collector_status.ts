/** What `status` reports of a collector. */

import type { FailureCode } from "../core/errors.ts";
import type { ErrorState } from "../core/error_reporter.ts";
import { ADVICE_FOR_CROWD, adviceForCollector, adviceForMissing } from "./advice.ts";
import { type CollectorState, collectorState, isAbsent, isOverdue } from "./collector_state.ts";
import type { Missing } from "./missing.ts";
import { NO_RUNS, type RunRecord } from "./run_record.ts";
import type { CollectorRunner, LoggedLine } from "./runner_contract.ts";

export interface CollectorStatus extends RunRecord {
  readonly name: string;
  /** Seconds; 0 where it does not run. */
  readonly interval: number;
  readonly state: CollectorState;
  /** The file of a plugin. */
  readonly file?: string;
  /** Why there is nothing to collect. */
  readonly absent?: string;
  /** Why it is not `ok`. */
  readonly error?: ReportedError;
  /** The limit that it has come to; `leftOut` counts what was over it. */
  readonly crowd?: ReportedError;
  readonly logged?: LoggedLine;
  /** Milliseconds of a run; absent before the first has ended. */
  readonly time?: { readonly min: number; readonly mean: number; readonly max: number };
}

export interface ReportedError extends ErrorState {
  readonly advice: string;
}

/** `started`: of the agent. */
export function collectorStatus(
  runner: CollectorRunner,
  now: number,
  started: number,
): CollectorStatus {
  const { name, interval, record, file, logged, absence, crowd } = runner;
  const state = collectorState(runner, now);
  const isWell = state === "ok" || state === "waiting";
  const error = isWell ? undefined : errorOf(runner, now, started);
  const hasEnded = record.silentRuns > 0 || record.lastPublished > 0;
  return {
    name,
    interval,
    state,
    ...record,
    file,
    absent: state === "no data" ? absence?.message : undefined,
    error: error && { ...error, advice: adviceForCollector(state, error, file) },
    crowd: crowd && { ...crowd, advice: ADVICE_FOR_CROWD },
    logged,
    time: hasEnded
      ? { min: record.shortest, mean: record.spent / record.runs, max: record.longest }
      : undefined,
  };
}

function errorOf(runner: CollectorRunner, now: number, started: number): ErrorState | undefined {
  const { trouble, absence, record, refusal, crowd, logged } = runner;
  if (isAbsent(runner)) return absence;
  if (trouble !== undefined) return trouble;
  const { lastPublished, lastRun, silentRuns } = record;
  if (isOverdue(runner, now)) return since(lastRun, now, "It has not run since then");
  const first = lastPublished || started;
  if (refusal !== undefined && refusal.last >= lastRun) return { ...refusal, first };
  if (crowd !== undefined && crowd.last >= lastRun) return { ...crowd, first };
  // Runs that end well and publish nothing: the collector's own last words may say why.
  const own = logged !== undefined && logged.at >= first ? logged.message : undefined;
  return since(first, now, own ?? "Its runs publish nothing", "no-data", silentRuns);
}

function since(
  first: number,
  last: number,
  message: string,
  code?: FailureCode,
  count = 1,
): ErrorState {
  return { message, code, first, last, count };
}

/** Of one that is enabled and does not run. */
export function missingCollector(missing: Missing, now: number): CollectorStatus {
  const { section: name, reason, since: first, isRetried } = missing;
  const error = since(first, now, reason, "config");
  return {
    name,
    interval: 0,
    state: isRetried ? "no data" : "missing",
    ...NO_RUNS,
    error: { ...error, advice: adviceForMissing(missing) },
  };
}

export function collectorThatIsOff(name: string): CollectorStatus {
  return { name, interval: 0, state: "off", ...NO_RUNS };
}
