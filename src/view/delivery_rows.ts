/** How far each handler is with the points of a series, or with all points. */

import type { HandlerStatus } from "../agent/status.ts";
import { count, utc } from "../formats/figures.ts";
import { lengthText } from "./lengths.ts";
import { type Facts, NO_AGENT, type Row } from "./explanation.ts";

/** `last`: when the series' last point was, in seconds; undefined where there is none. */
export function deliveryRows(
  { handlerStates, handlers, now }: Facts,
  last: number | undefined,
): Row[] {
  if (handlerStates === undefined) {
    return [...handlers.keys()].map((name) => ({ label: `to ${name}`, value: NO_AGENT }));
  }
  const used = handlerStates.filter(({ state }) => state !== "off");
  return used.map((handler) => ({
    label: `to ${handler.name}`,
    value: [progressOf(handler, last, now), ...waiting(handler), ...trouble(handler)].join("; "),
  }));
}

/** Whether a point of that time has left for good, as far as a handler's backlog shows. */
function progressOf(handler: HandlerStatus, last: number | undefined, now: number): string {
  const { state, behind, unconfirmed, delivered, receipt, lag } = handler;
  if (state === "missing") return "missing: nothing is sent";
  if (delivered === 0 && lag === undefined && unconfirmed === 0) return "nothing delivered yet";
  const upTo = behind === undefined ? last : Math.min(now / 1000 - behind, last ?? Infinity);
  const until = upTo === undefined ? "" : ` up to ${utc(Math.floor(upTo) * 1000)}`;
  if (behind !== undefined) return `delivered${until}; what is later waits`;
  if (receipt === "none") return `sent${until}; nothing confirms it`;
  return unconfirmed > 0 ? `sent${until}, not all of it confirmed yet` : `delivered${until}`;
}

function waiting({ queued, spooled, resent }: HandlerStatus): string[] {
  const parts: readonly [number, string][] = [
    [queued, "queued"],
    [spooled, "spooled"],
    [resent, "sent again"],
  ];
  return parts.filter(([points]) => points > 0).map(([points, what]) =>
    `${count(points)} points ${what}`
  );
}

function trouble({ error, state }: HandlerStatus): string[] {
  if (error === undefined) return [];
  const { message, first, advice } = error;
  return [`${state} since ${utc(first)}: ${message} (to do: ${advice})`];
}

/** Counts of a handler as a whole. */
export function handlerRows(handler: HandlerStatus): Row[] {
  const { destination, receipt, delivered, unconfirmed, queued, spooled, behind } = handler;
  const { resent, retries, dropped, lag, spoolError, collected } = handler;
  const lost = Object.entries(dropped).filter(([, points]) => points > 0);
  const rows: (Row | undefined)[] = [
    destination === undefined ? undefined : { label: "sends to", value: destination },
    { label: "a write proves", value: PROOFS[receipt] },
    { label: "collected", value: count(collected) },
    {
      label: "delivered",
      value: `${count(delivered)}${
        lag === undefined ? "" : `, ${lag.toFixed(2)} s after their interval`
      }`,
    },
    unconfirmed > 0 ? { label: "unconfirmed", value: count(unconfirmed) } : undefined,
    { label: "queued", value: count(queued) },
    {
      label: "spooled",
      value: `${count(spooled)}${
        behind === undefined ? "" : `; the oldest point is ${lengthText(behind)} old`
      }`,
    },
    { label: "sent again", value: `${count(resent)} points, ${count(retries)} writes` },
    {
      label: "dropped",
      value: lost.map(([why, points]) => `${count(points)} ${why}`).join(", ") || "none",
    },
    spoolError && { label: "spool", value: `${spoolError.message} (to do: ${spoolError.advice})` },
  ];
  return rows.filter((row) => row !== undefined);
}

const PROOFS = {
  application: "the backend stored the points",
  transport: "the network took the bytes",
  none: "nothing",
} as const;
