/** Options that hold secrets among other things: URLs with a login or a token, headers. */

import {
  MASK,
  secretsInHeader,
  secretsInUrls,
  secretsNamed,
  withoutCredentials,
} from "../secrets.ts";
import { list } from "./lists.ts";
import type { Option } from "./option.ts";
import { text } from "./scalars.ts";

/** An address. Its login and the values of its query are never printed. */
export function url(fallback: string, help: string): Option<string> {
  const whole = text(fallback, help);
  return {
    ...whole,
    type: "url",
    secretsIn: secretsInUrls,
    shown: (value) => withoutCredentials(whole.format(value)),
    made: ["url", fallback, help],
  };
}

/** Headers of requests, `Name: value` each. Their values are never printed. */
export function headers(fallback: readonly string[], help: string): Option<readonly string[]> {
  const whole = list(fallback, help);
  return {
    ...whole,
    type: "headers",
    secretsIn: (all) => all.flatMap(secretsInHeader),
    shown: (all) => whole.format(all.map((one) => one.replace(/:.*$/s, `: ${MASK}`))),
    made: ["headers", fallback, help],
  };
}

/** The secrets in an option's value; a default is none. */
export function secretsOf(option: Option<unknown>, value: unknown): readonly string[] {
  if (value === option.fallback) return [];
  if (option.secretsIn !== undefined) return option.secretsIn(value);
  if (option.secret) return [String(value)];
  return secretsNamed("", value);
}
