/** What may be wrong with a call of `emit`, looked at when its series is made: collectors of any origin call it. */

import type { EmitOptions, MetricSpec } from "./collector.ts";
import { MAX_NAME } from "./naming.ts";

const FORMS: readonly unknown[] = ["gauge", "rate", "counter"];
/** Digits behind the point that a text can have. */
const MAX_PRECISION = 100;
/**
 * Seconds since the epoch, in the year 10889. Larger values do not fit any wire format, so they are not valid
 * times.
 */
const MAX_TIMESTAMP = 2 ** 48 / 1000;
/** Characters of a name that a message shows. */
const SHOWN = 60;

/** What may stand behind pattern and value. */
export type Rest = string | EmitOptions | undefined;

/** Why there can be no such series; undefined where there can. */
export function faultOf(
  pattern: unknown,
  rest: readonly unknown[],
  extras: EmitOptions | undefined,
): string | undefined {
  if (typeof pattern !== "string") return `a name is ${kindOf(pattern)}, not a text`;
  if (pattern === "") return "a name is empty";
  const instance: unknown = extras?.instance;
  if (instance !== undefined && typeof instance !== "string") {
    return `the instance of "${shown(pattern)}" is ${kindOf(instance)}, not a text`;
  }
  let length = pattern.length + (instance?.length ?? 0);
  for (const part of rest) if (typeof part === "string") length += part.length;
  if (length > MAX_NAME) {
    return `the name "${shown(pattern)}…" has ${length} characters, more than ${MAX_NAME}`;
  }
  const form: unknown = extras?.form;
  if (form !== undefined && !FORMS.includes(form)) {
    return `the form of "${shown(pattern)}" is none of ${FORMS.join(", ")}`;
  }
  return undefined;
}

/** Returns the spec with the overrides of a call. An invalid number of digits counts as none, as in Diamond. */
export function specOf(base: MetricSpec, extras: EmitOptions | undefined): MetricSpec {
  const { precision = base.precision, form = base.form, unit = base.unit, max = base.max } =
    extras ?? {};
  return {
    ...base,
    ...{ precision: digitsOf(precision), form, unit, max: Number.isFinite(max) ? max : 0 },
  };
}

function digitsOf(precision: unknown): number {
  if (!Number.isInteger(precision)) return 0;
  return Math.min(Math.max(precision as number, 0), MAX_PRECISION);
}

export function isTimestamp(seconds: unknown): seconds is number {
  return typeof seconds === "number" && seconds >= 0 && seconds < MAX_TIMESTAMP;
}

export function shown(text: string): string {
  return text.slice(0, SHOWN);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

export function extrasOf(rest: Rest): EmitOptions | undefined {
  return typeof rest === "object" ? rest : undefined;
}

/** Whether both make the same part of a slot's key: a part of the name, or what a call has said beside it. */
export function isSame(a: Rest, b: Rest): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  return a.instance === b.instance && a.precision === b.precision && a.form === b.form &&
    a.unit === b.unit && a.path === b.path && a.host === b.host;
}
