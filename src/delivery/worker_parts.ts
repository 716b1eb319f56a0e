/** The parts of a worker that are put together from its settings. */

import type { Account } from "./account.ts";
import type { Backlog } from "./backlog.ts";
import { createSpooler, type Spooler } from "./spooler.ts";
import { Unconfirmed } from "./unconfirmed.ts";
import type { WorkerSettings } from "./worker_contract.ts";

/** Undefined where nothing is to be kept on disk. */
export function spoolerOf(settings: WorkerSettings, account: Account): Spooler | undefined {
  const { name, options, spools, clock, log } = settings;
  if (options.spool === "off" || spools === undefined) return undefined;
  return createSpooler({
    name,
    spools,
    clock,
    log,
    stays: options.spool === "always",
    opened: (points) => account.reconcile(points),
    dropped: (reason, points) => account.drop(reason, points),
  });
}

/** `requeued` is called when something is to be sent again. */
export function unconfirmedOf(
  { sink, options, clock }: WorkerSettings,
  account: Account,
  backlog: Backlog,
  requeued: () => void,
): Unconfirmed {
  return new Unconfirmed({
    watch: sink.watch,
    resendSeconds: options.resend_seconds,
    clock,
    ledger: account.ledger,
    acked: (batch) => backlog.ack(batch),
    requeue(batch) {
      backlog.requeue(batch);
      requeued();
    },
    refused: ({ points, error }) => account.tellRefusal(`${points} metrics`, error),
  });
}
