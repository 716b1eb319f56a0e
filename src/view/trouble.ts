/** What is wrong with a collector, as its status says. */

import type { CollectorStatus } from "../agent/status.ts";
import { utc } from "../formats/figures.ts";
import { lengthText } from "./lengths.ts";
import type { Facts, Row } from "./explanation.ts";

export function collectorStatusOf(
  section: string,
  { collectorStates }: Facts,
): CollectorStatus | undefined {
  return collectorStates.find(({ name }) => name === section);
}

/** No row where it is well, or its state is not known. */
export function collectorTrouble(status: CollectorStatus | undefined): Row[] {
  if (status?.error === undefined) return [];
  const { state, error: { message, first, advice } } = status;
  return [{
    label: "error",
    value: `${status.name} ${state === "no data" ? "has no data" : `is ${state}`} since ${
      utc(first)
    }: ${message} (to do: ${advice})`,
  }];
}

/** How its runs go. */
export function runRows(status: CollectorStatus | undefined, now: number): Row[] {
  if (status === undefined || status.interval === 0) return [];
  const { state, interval, runs, failures, lastRun, lastPublished, logged } = status;
  const ago = (ms: number) => ms === 0 ? "never" : `${lengthText((now - ms) / 1000)} ago`;
  return [
    { label: "state", value: state },
    {
      label: "runs",
      value: `one every ${lengthText(interval)}, ${runs} so far, ${failures} failed; the last one ${
        ago(lastRun)
      }`,
    },
    { label: "published last", value: ago(lastPublished) },
    ...(logged === undefined
      ? []
      : [{ label: "logged last", value: `${logged.message}, ${ago(logged.at)}` }]),
  ];
}
