/** Sentry: an event for each metric that is out of its bounds. */

import { configError } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { needed, number, type Option, sections, text, url, type Values } from "../core/option.ts";
import { pythonRegex } from "../core/python_regex.ts";
import {
  envelope,
  projectOf,
  type RuleCounts,
  type SentryRule,
  type Violation,
} from "../formats/sentry.ts";
import { keyedPostOptions, post } from "../protocols/http_post.ts";

const rule = {
  name: text("", "What events call it"),
  path: text("", "The end of the metric's path, as a regular expression"),
  min: bound("Smallest value that is well"),
  max: bound("Largest value that is well"),
};

interface Rule extends SentryRule {
  readonly matches: RegExp;
  errors: number;
  passed: number;
}

export default defineHandler({
  name: "SentryHandler",
  doc: "Sends an event to Sentry for each metric that is out of bounds",
  receipt: "application",
  options: {
    dsn: needed(url("", "The project's DSN, https://KEY@HOST/PROJECT")),
    "*": sections(rule, "A rule: path, and min or max or both"),
    ...keyedPostOptions(),
  },

  open({ host, options, log }) {
    const project = projectOf(options.dsn);
    if (project === undefined) throw configError("dsn is not of the form https://KEY@HOST/PROJECT");
    const rules = [...options["*"]].flatMap(([section, settings]) => {
      const why = faultOf(settings);
      if (why !== undefined) log.warn(`SentryHandler: the rule ${section} is left out: ${why}`);
      return why === undefined ? [ruleOf(section, settings)] : [];
    });
    const { key, secret } = project;
    const login = ["sentry_version=7", "sentry_client=diamond-agent", `sentry_key=${key}`];
    if (secret !== "") login.push(`sentry_secret=${secret}`);
    const headers = { "x-sentry-auth": `Sentry ${login.join(", ")}` };
    return {
      async write(batch, signal) {
        for (const { violation, counts } of violationsIn(batch, rules)) {
          const of = violation.metric.series.host ?? "unknown";
          const body = envelope(violation, counts, of);
          const type = "application/x-sentry-envelope";
          await post(host, options, { url: project.url, type, body, headers }, signal);
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

/** A number, or nothing. */
function bound(help: string): Option<number | undefined> {
  const base = number(0, help);
  return { ...base, fallback: undefined, format: (value) => value === undefined ? "" : `${value}` };
}

function faultOf({ path, min, max }: Values<typeof rule>): string | undefined {
  if (path === "") return "it has no path";
  if (min === undefined && max === undefined) return "it has neither min nor max";
  return min !== undefined && max !== undefined && min > max ? "min is over max" : undefined;
}

function ruleOf(section: string, { name, path, min, max }: Values<typeof rule>): Rule {
  const pattern = `(.*)\\.(${path})$`;
  const matches = pythonRegex(pattern, "match");
  return { name: name || section, pattern, matches, min, max, errors: 0, passed: 0 };
}

function* violationsIn(
  batch: readonly Metric[],
  rules: readonly Rule[],
): Generator<{ violation: Violation; counts: RuleCounts }> {
  for (const metric of batch) {
    for (const rule of rules) {
      const [, prefix, path] = rule.matches.exec(metric.series.path) ?? [];
      if (path === undefined) continue;
      const { min = -Infinity, max = Infinity } = rule;
      if (metric.value >= min && metric.value <= max) {
        rule.passed++;
        continue;
      }
      rule.errors++;
      yield { violation: { rule, metric, prefix, path }, counts: { ...rule } };
    }
  }
}
