/**
 * Sentry's events, as envelopes.
 * Source: https://develop.sentry.dev/sdk/data-model/envelopes/ and …/event-payloads/
 */

import { fnv1a } from "../core/hash.ts";
import type { Metric } from "../core/metric.ts";
import { fixed } from "./fixed.ts";

/** Where a DSN says that events go. */
interface SentryProject {
  readonly url: string;
  readonly key: string;
  readonly secret: string;
}

const DSN = /^(https?):\/\/([^:@/]+)(?::([^@/]*))?@([^/?#]+)(\/[^?#]*)?\/(\d+)\/?$/;

/** `https://KEY@HOST/PROJECT`, also with a secret and a path; undefined for what is not one. */
export function projectOf(dsn: string): SentryProject | undefined {
  const [, scheme, key, secret = "", host, path = "", id] = DSN.exec(dsn.trim()) ?? [];
  if (id === undefined) return undefined;
  return { url: `${scheme}://${host}${path}/api/${id}/envelope/`, key, secret };
}

export interface Violation {
  readonly rule: SentryRule;
  readonly metric: Metric;
  /** The two parts of the path, as the rule divides it. */
  readonly prefix: string;
  readonly path: string;
}

export interface SentryRule {
  readonly name: string;
  readonly pattern: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** How often a rule was broken, and kept. */
export interface RuleCounts {
  readonly errors: number;
  readonly passed: number;
}

/** The event of one metric is the same each time it is sent, so that Sentry knows it again. */
export function envelope(violation: Violation, counts: RuleCounts, host: string): string {
  const { rule, metric, prefix, path } = violation;
  const { series, value, timestamp } = metric;
  const shown = fixed(value, series.precision).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  const message = `${rule.name} Warning on ${host}: ${shown}`;
  const event = {
    event_id: eventId(`${rule.name} ${series.path} ${timestamp}`),
    timestamp,
    platform: "other",
    level: "error",
    logger: "SentryHandler",
    server_name: host,
    culprit: `${host} ${path}`,
    logentry: { formatted: message, message },
    extra: {
      "metric prefix": prefix,
      "metric path": path,
      "metric original path": series.path,
      "metric value": value,
      "metric precision": series.precision,
      "metric timestamp": timestamp,
      "minimum threshold": rule.min ?? null,
      "maximum threshold": rule.max ?? null,
      "minimum check": checked(shown, value, rule.min, ["lower", "higher"]),
      "maximum check": checked(shown, value, rule.max, ["lower", "higher"]),
      "path regular expression": rule.pattern,
      "total errors": counts.errors,
      "total pass": counts.passed,
      hostname: host,
    },
  };
  const head = { event_id: event.event_id, sent_at: new Date(timestamp * 1000).toISOString() };
  return [head, { type: "event", content_type: "application/json" }, event].map((part) =>
    JSON.stringify(part)
  ).join("\n") + "\n";
}

function checked(
  shown: string,
  value: number,
  threshold: number | undefined,
  [lower, higher]: readonly [string, string],
): string {
  if (threshold === undefined) return "No threshold";
  if (value === threshold) return `${shown} is equal to ${threshold}`;
  return `${shown} is ${value < threshold ? lower : higher} than ${threshold}`;
}

/** 32 hexadecimal digits. */
function eventId(of: string): string {
  return [0, 1, 2, 3].map((part) => fnv1a(`${part} ${of}`).toString(16).padStart(8, "0")).join("");
}
