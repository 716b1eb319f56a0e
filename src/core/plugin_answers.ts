/** Parses and validates the answers of a plugin process, because a plugin can write anything. */

import type { FailureCode } from "./errors.ts";
import type { Emitted, LoadedModule, PluginProcessAnswer } from "./plugin_protocol.ts";
import { excerpt, oneLine, visible } from "./visible.ts";

type Loose = Readonly<Record<string, unknown>>;

const LEVELS = ["debug", "info", "warn", "error"] as const;
const CODES: readonly unknown[] = [
  "config",
  "no-data",
  "bad-data",
  "undelivered",
  "refused",
  "timeout",
];
/** Characters of a text in the log. */
const MAX_TOLD = 2000;

/** Parses an answer; undefined if the line is not one. The caller still has to validate `result`. */
export function answerFrom(json: string): PluginProcessAnswer | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isObject(answer)) return undefined;
  const { id, at, log, emits, error, result } = answer;
  return {
    id: Number.isSafeInteger(id) ? id as number : undefined,
    at: typeof at === "string" ? oneLine(at) : undefined,
    log: logFrom(log),
    emits: emits === undefined ? undefined : emitsFrom(emits),
    error: error === undefined || error === null ? undefined : errorFrom(error),
    result,
  };
}

function logFrom(log: unknown): PluginProcessAnswer["log"] {
  if (!Array.isArray(log) || typeof log[1] !== "string") return undefined;
  const level = LEVELS.find((one) => one === log[0]) ?? "info";
  return [level, visible(excerpt(log[1], MAX_TOLD))];
}

/** The emitter looks at names, values and what is said beside them; here it is only their shape. */
function emitsFrom(emits: unknown): readonly Emitted[] {
  if (!Array.isArray(emits)) return [];
  return emits.filter((one) => Array.isArray(one)).map(([name, value, ...rest]) =>
    [name, value, ...rest.filter((part) => typeof part === "string" || isObject(part))] as const
  );
}

function errorFrom(error: unknown): NonNullable<PluginProcessAnswer["error"]> {
  if (!isObject(error)) return { message: oneLine(String(error)) };
  const { code, message, points, retryAfter } = error;
  return {
    code: CODES.includes(code) ? code as FailureCode : undefined,
    message: typeof message === "string" ? oneLine(message) : "an error without a message",
    points: Array.isArray(points) && points.every(Number.isSafeInteger)
      ? points
      : Number.isSafeInteger(points)
      ? points as number
      : undefined,
    retryAfter: typeof retryAfter === "number" && retryAfter > 0 ? retryAfter : undefined,
  };
}

/** The answer to `load`: what has no path or no list of plugins is left out. */
export function modulesFrom(result: unknown): readonly LoadedModule[] {
  if (!Array.isArray(result)) return [];
  return result.filter((one) =>
    isObject(one) && typeof one.path === "string" && Array.isArray(one.collectors)
  ).map((one) => ({
    ...one,
    version: Number(one.version) || 0,
    missing: Array.isArray(one.missing) ? one.missing : [],
    isFatal: undefined,
    collectors: one.collectors.filter(isDeclaration),
    handlers: Array.isArray(one.handlers) ? one.handlers.filter(isDeclaration) : [],
    error: one.error === undefined || one.error === null ? undefined : oneLine(String(one.error)),
  }));
}

function isDeclaration(one: unknown): boolean {
  return isObject(one) && typeof one.name === "string" && /^[A-Za-z_]\w*$/.test(one.name) &&
    typeof one.doc === "string";
}

function isObject(value: unknown): value is Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
