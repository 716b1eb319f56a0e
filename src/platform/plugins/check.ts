/**
 * What a user's file exports, looked at field by field: a plain object is enough, and what is wrong
 * with one is said so that it can be mended. A module may export one collector by default, or several
 * by name.
 */

import { type AnyCollector, everySystem, type MetricSpec } from "../../core/collector.ts";
import { configError } from "../../core/errors.ts";
import type { AnyHandler } from "../../core/handler.ts";
import type { Option } from "../../core/option.ts";

const COLLECTOR_EXAMPLE =
  'export default { name: "MyCollector", collect({ emit }) { emit("answer", 42); } }';
const HANDLER_EXAMPLE =
  'export default { name: "MyHandler", open: () => ({ async write(batch) { … }, async [Symbol.asyncDispose]() {} }) }';

type Loose = Readonly<Record<string, unknown>>;

/** Throws `config`; returns an empty list for a module that exports neither, such as a helper. */
export function collectorsOf(exports: Loose, file: string): AnyCollector[] {
  return candidates(exports, "collect").map(([where, value]) => collectorOf(value, where, file));
}

/** The same of handlers. */
export function handlersOf(exports: Loose): AnyHandler[] {
  return candidates(exports, "open").map(([where, value]) => handlerOf(value, where));
}

/** The default export has to be one; of the others, those that have the function. */
function candidates(exports: Loose, method: string): [string, unknown][] {
  return Object.entries(exports).filter(([name, value]) =>
    name === "default" || (isObject(value) && typeof value[method] === "function")
  ).map(([name, value]) => [name === "default" ? "the default export" : `"${name}"`, value]);
}

function collectorOf(value: unknown, where: string, file: string): AnyCollector {
  const say = complainer(where, COLLECTOR_EXAMPLE);
  if (!isObject(value)) throw say(`is no object but ${kindOf(value)}`);
  const { name, doc, path, sources, systems, options, metrics, prepare, collect } = value;
  if (typeof collect !== "function") {
    throw say(`has no function "collect": that is what runs at each interval`);
  }
  const named = checkedName(name, say);
  if (doc !== undefined && typeof doc !== "string") {
    throw say(`"doc" is ${kindOf(doc)}, not a text`);
  }
  if (path !== undefined && typeof path !== "string") {
    throw say(`"path" is ${kindOf(path)}, not the text that stands for it in metric paths`);
  }
  if (prepare !== undefined && typeof prepare !== "function") {
    throw say(`"prepare" is ${kindOf(prepare)}, not a function that makes the state`);
  }
  checkOptions(options, say);
  checkMetrics(metrics, say);
  return {
    name: named,
    doc: doc ?? "",
    path: path ?? named,
    sources: textsOf(sources, "sources", say),
    systems: textsOf(systems, "systems", say) as AnyCollector["systems"] ?? everySystem,
    options: options ?? {},
    metrics: metrics ?? {},
    custom: { file, freeOptions: options === undefined, undeclared: metrics === undefined },
    // The object itself may have more, which its functions use by `this`.
    ...(prepare && { prepare: prepare.bind(value) as AnyCollector["prepare"] }),
    collect: collect.bind(value) as AnyCollector["collect"],
  };
}

function handlerOf(value: unknown, where: string): AnyHandler {
  const say = complainer(where, HANDLER_EXAMPLE);
  if (!isObject(value)) throw say(`is no object but ${kindOf(value)}`);
  const { name, doc, options, receipt = "application", open } = value;
  if (typeof open !== "function") {
    throw say(`has no function "open": it returns what writes batches`);
  }
  if (!["application", "transport", "none"].includes(receipt as string)) {
    throw say(`"receipt" is none of application, transport, none: what a write proves`);
  }
  checkOptions(options, say);
  return {
    ...value,
    name: checkedName(name, say),
    doc: typeof doc === "string" ? doc : "",
    options: options ?? {},
    custom: { freeOptions: options === undefined },
    receipt,
    open: open.bind(value),
  } as unknown as AnyHandler;
}

type Complain = (what: string) => Error;

function complainer(where: string, example: string): Complain {
  return (what) => configError(`${where} ${what}. A right one looks like this: ${example}`);
}

function checkedName(name: unknown, say: Complain): string {
  if (typeof name !== "string" || !/^[A-Za-z_]\w*$/.test(name)) {
    throw say(
      name === undefined
        ? `has no "name": that of its section in the configuration`
        : `has the name ${JSON.stringify(name)}: letters, digits and _ are allowed`,
    );
  }
  return name;
}

function checkOptions(
  options: unknown,
  say: Complain,
): asserts options is Record<string, Option<unknown>> | undefined {
  if (options === undefined) return;
  if (!isObject(options)) throw say(`"options" is ${kindOf(options)}, not an object`);
  for (const [name, option] of Object.entries(options)) {
    if (!isObject(option) || typeof option.parse !== "function" || !Array.isArray(option.made)) {
      throw say(
        `the option "${name}" is ${
          kindOf(option)
        }: make it with bool(), integer(), text() and their like of "diamond-agent", or leave "options" out`,
      );
    }
  }
}

function checkMetrics(
  metrics: unknown,
  say: Complain,
): asserts metrics is Record<string, MetricSpec> | undefined {
  if (metrics === undefined) return;
  if (!isObject(metrics)) throw say(`"metrics" is ${kindOf(metrics)}, not an object`);
  for (const [name, spec] of Object.entries(metrics)) {
    if (!isObject(spec) || !["gauge", "rate", "counter"].includes(spec.form as string)) {
      throw say(
        `the metric "${name}" is ${
          kindOf(spec)
        }: make it with gauge(), rate() or counter() of "diamond-agent", or leave "metrics" out`,
      );
    }
  }
}

function textsOf(value: unknown, field: string, say: Complain): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw say(`"${field}" is ${kindOf(value)}, not a list of texts`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "function" ? "a function or class" : `a value of type ${typeof value}`;
}
