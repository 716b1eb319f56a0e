/**
 * InfluxDB's write API, of versions 1, 2 and 3: the unit of times, and answers.
 * Source: https://docs.influxdata.com/influxdb/v2/api/
 */

import type { PostedRequest, PostedResponse } from "../ports/http.ts";
import { type Parameters, parseParameters } from "./query_string.ts";

const VERSION_3 = "/api/v3/write_lp";
export const WRITE_PATHS = ["/write", "/api/v2/write", VERSION_3];
const QUERY_PATH = "/query";
export const POST_PATHS = [...WRITE_PATHS, QUERY_PATH];

/** Digits behind those of the seconds, or the seconds of a unit that is longer. */
type TimeUnit = { readonly digits: number } | { readonly seconds: number };

const NANOSECONDS = { digits: 9 };
const UNITS: Readonly<Record<string, TimeUnit>> = {
  n: NANOSECONDS,
  ns: NANOSECONDS,
  nanosecond: NANOSECONDS,
  u: { digits: 6 },
  µ: { digits: 6 },
  us: { digits: 6 },
  microsecond: { digits: 6 },
  ms: { digits: 3 },
  millisecond: { digits: 3 },
  s: { seconds: 1 },
  second: { seconds: 1 },
  m: { seconds: 60 },
  h: { seconds: 3600 },
};
/** A time is in the unit in which it is of this millennium. */
const AUTO: readonly (readonly [length: number, unit: TimeUnit])[] = [
  [17, NANOSECONDS],
  [14, { digits: 6 }],
  [11, { digits: 3 }],
  [0, { seconds: 1 }],
];

/** Reads times of a request, as whole seconds. Undefined where the unit is not known. */
export function timesOf(
  { path, query }: Pick<PostedRequest, "path" | "query">,
): ((time: string) => number) | undefined {
  const usual = path === VERSION_3 ? "auto" : "ns";
  const name = parseParameters(query).text("precision") ?? usual;
  if (name === "auto") {
    return (time) => secondsOf(time, AUTO.find(([length]) => time.length >= length)![1]);
  }
  const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
  return unit && ((time) => secondsOf(time, unit));
}

/** As text, since a number has not enough digits for nanoseconds. */
function secondsOf(time: string, unit: TimeUnit): number {
  return "digits" in unit ? Number(time.slice(0, -unit.digits)) : Number(time) * unit.seconds;
}

/** What is asked besides writes: whether a server is there, and for a database. */
export function answerToQuestion({ path, query, body }: PostedRequest): PostedResponse {
  if (path === "/ping") {
    return { status: 204, type: "", body: "", headers: { "x-influxdb-version": "diamond-agent" } };
  }
  if (path === "/health") return json(200, { name: "diamond-agent", status: "pass" });
  if (path === QUERY_PATH) return answerToQuery(parseParameters(query, textOf(body)));
  if (WRITE_PATHS.includes(path)) return failure(405, "method not allowed", "points are posted");
  return failure(404, "not found", `there is no ${path}: points are posted to /write`);
}

/** Telegraf and others begin with a database, which needs no making here. */
function answerToQuery(parameters: Parameters): PostedResponse {
  return /^\s*create\s+database\s/i.test(parameters.text("q") ?? "")
    ? json(200, { results: [{ statement_id: 0 }] })
    : failure(400, "invalid", "the agent keeps no data that can be queried: it takes points alone");
}

/** As clients of every version read it. */
export function failure(
  status: number,
  code: string,
  message: string,
  more: { readonly line?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): PostedResponse {
  const { line, headers } = more;
  return { ...json(status, { error: message, code, message, line }), headers };
}

function json(status: number, body: object): PostedResponse {
  return { status, type: "application/json", body: `${JSON.stringify(body)}\n` };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
