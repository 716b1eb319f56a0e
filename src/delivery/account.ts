/** Updates a handler's ledger: counts what is dropped, and takes over what an earlier run and its spool left. */

import { createErrorReporter, type ErrorReporter } from "../core/error_reporter.ts";
import { messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import {
  type DropReason,
  imbalance,
  type Ledger,
  newLedger,
  type SavedLedger,
  whyDropped,
} from "./ledger.ts";
import type { Outcome } from "./poison.ts";
import type { WorkerSettings } from "./worker_contract.ts";

type AccountSettings = Pick<WorkerSettings, "name" | "log" | "clock" | "options">;

export class Account {
  readonly ledger: Ledger = newLedger();
  readonly #name: string;
  readonly #log: Log;
  readonly #refusals: ErrorReporter;
  /** Points that the ledger counts in a spool that is not open yet. */
  expected = 0;
  /** Of these, the points that were sent and may have been removed from the spool since. */
  #unsettled = 0;
  /** The reason to record if others of them are missing. */
  #reason: DropReason = "damaged";

  constructor({ name, log, clock, options }: AccountSettings) {
    this.#name = name;
    this.#log = log;
    const period = options.server_error_interval;
    this.#refusals = createErrorReporter(log, () => clock.now(), period);
  }

  /** Counts and logs the points that the backend refused. */
  refused(points: number, { refused, example, reason }: Outcome): void {
    if (refused === 0) return;
    this.drop("refused", refused);
    const first = example === undefined
      ? ""
      : `, the first is "${example.series.path} ${example.value} ${example.timestamp}"`;
    this.tellRefusal(`${refused} of ${points} metrics for good${first}`, reason);
  }

  tellRefusal(what: string, reason: unknown): void {
    this.#refusals.report(this.#name, `The backend refuses ${what}: ${messageOf(reason)}`);
  }

  drop(reason: DropReason, count: number): void {
    const { dropped } = this.ledger;
    if (count === 0) return;
    if (dropped[reason] === 0 && count > 0) {
      this.#log.warn(
        `${this.#name} drops ${count} metrics: ${whyDropped[reason]}. More are counted in status`,
      );
    }
    dropped[reason] += count;
  }

  /** Logs what the ledger cannot account for. */
  audit(queued: number, spooled: number): void {
    const missing = imbalance(this.ledger, queued, spooled);
    if (missing === 0) return;
    this.#log.error(
      `${this.#name}: the ledger does not close: ${missing} metrics are unaccounted for`,
    );
  }

  /** Continues the ledger of an earlier run. `isOpen`: the spool is open, so its points are already counted. */
  adopt(earlier: SavedLedger, isOpen: boolean): void {
    const { ledger } = this;
    const { collected, delivered, unconfirmed = 0, retries, resent, spooled, unsettled } = earlier;
    ledger.collected += collected;
    // Points that were in the connection alone are sent.
    ledger.delivered += delivered + unconfirmed - unsettled;
    ledger.retries += retries;
    ledger.resent += resent;
    for (const [reason, count] of Object.entries(earlier.dropped)) {
      if (Object.hasOwn(ledger.dropped, reason)) ledger.dropped[reason as DropReason] += count;
    }
    this.drop(earlier.clean ? "stopped" : "killed", earlier.queued);
    if (!earlier.clean) this.#reason = "killed";
    if (isOpen) ledger.collected -= spooled + unsettled;
    else this.expected += spooled + unsettled;
    this.#unsettled += unsettled;
  }

  /** Corrects the ledger once the spool is open: the spool's own count takes precedence. */
  reconcile(found: number): void {
    const missing = this.expected - found;
    if (missing > 0) {
      const confirmed = Math.min(missing, this.#unsettled);
      this.ledger.delivered += confirmed;
      this.drop(this.#reason, missing - confirmed);
    } else this.ledger.collected -= missing;
    this.expected = 0;
    this.#unsettled = 0;
    this.#reason = "damaged";
  }
}
