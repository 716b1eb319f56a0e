/** How a handler is: its worker's ledger, backlog and last error. */

import type { Receipt } from "../core/handler.ts";
import { droppedTotal, imbalance, type Ledger, newLedger } from "../delivery/ledger.ts";
import type { Worker } from "../delivery/worker.ts";
import { adviceForHandler, adviceForMissing } from "./advice.ts";
import type { ReportedError } from "./collector_status.ts";
import type { Losses } from "./losses.ts";
import type { Missing } from "./missing.ts";

/**
 * `waiting`: it has not delivered yet, or still delivers what had to wait. `missing`: it is enabled and
 * cannot run. `off`: it has a section and is not enabled.
 */
type HandlerState = "ok" | "waiting" | "failing" | "missing" | "off";

export interface HandlerStatus extends Ledger {
  readonly name: string;
  readonly receipt: Receipt;
  readonly state: HandlerState;
  /** Where it sends to, without secrets. */
  readonly destination?: string;
  readonly queued: number;
  readonly spooled: number;
  readonly spoolBytes: number;
  /** Age of the oldest point that waits, in seconds. */
  readonly behind?: number;
  /** Seconds from the slot of the last new points to the end of their write. */
  readonly lag?: number;
  /** Points that the ledger cannot account for: a defect where it is not 0. */
  readonly imbalance: number;
  readonly error?: ReportedError;
  /** Why nothing can be spooled: what waits is in memory alone. */
  readonly spoolError?: ReportedError;
}

/** Seconds that points may wait without anybody worrying, beyond the interval. */
const BEHIND_SECONDS = 60;

export function handlerStatus(
  worker: Worker,
  destination: string | undefined,
  now: number,
): HandlerStatus {
  const { name, receipt, ledger, queued, spooled, spoolBytes, oldest, lag, trouble } = worker;
  const { spoolTrouble } = worker;
  const hasDelivered = ledger.delivered > 0 || lag !== undefined;
  const state = trouble !== undefined ? "failing" : spooled > 0 || !hasDelivered ? "waiting" : "ok";
  return {
    name,
    receipt,
    state,
    destination,
    ...ledger,
    queued,
    spooled,
    spoolBytes,
    behind: oldest === undefined ? undefined : Math.max(0, now / 1000 - oldest),
    lag,
    imbalance: imbalance(ledger, queued, spooled),
    error: trouble && { ...trouble, advice: adviceForHandler(trouble) },
    spoolError: spoolTrouble && { ...spoolTrouble, advice: adviceForHandler(spoolTrouble) },
  };
}

const NOTHING = {
  receipt: "none",
  queued: 0,
  spooled: 0,
  spoolBytes: 0,
  imbalance: 0,
} as const;

/** Of one that is enabled and does not run. */
export function missingHandler(missing: Missing, now: number): HandlerStatus {
  const { section: name, reason, since, isRetried } = missing;
  const error = { message: reason, code: "config", first: since, last: now, count: 1 } as const;
  return {
    name,
    state: isRetried ? "failing" : "missing",
    ...newLedger(),
    ...NOTHING,
    error: { ...error, advice: adviceForMissing(missing) },
  };
}

export function handlerThatIsOff(name: string): HandlerStatus {
  return { name, state: "off", ...newLedger(), ...NOTHING };
}

/** Why it is not healthy; empty where it is. */
export function handlerProblems(handler: HandlerStatus, losses: Losses, now: number): string[] {
  const { name, state, behind = 0, imbalance: unaccounted } = handler;
  const found: string[] = [];
  if (state === "failing") found.push(`${name} cannot deliver`);
  if (handler.spoolError !== undefined) {
    found.push(`${name} cannot use its spool: ${handler.spoolError.message}`);
  }
  if (state === "missing") found.push(`${name} is missing`);
  if (state === "waiting" && behind > BEHIND_SECONDS) {
    const since = new Date(now - behind * 1000).toISOString().slice(0, 19).replace("T", " ");
    found.push(
      `${name} still delivers what had to wait: ${handler.queued + handler.spooled} metrics, ` +
        `the oldest of ${since} UTC`,
    );
  }
  const dropped = droppedTotal(handler);
  if (losses.isRecent(name, dropped)) found.push(`${name} has dropped ${dropped} metrics`);
  if (unaccounted !== 0) {
    found.push(`${name} cannot account for ${unaccounted} metrics: please report it`);
  }
  return found;
}
