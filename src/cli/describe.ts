/** `describe`: all that is declared of one collector or handler. */

import { type AnyCollector, commonOptions, type MetricSpec, systemsOf } from "../core/collector.ts";
import { unitText } from "../core/metric_unit.ts";
import { type AnyHandler, deliveryOptions } from "../core/handler.ts";
import type { Options } from "../core/option.ts";
import { diamondsName, notBuiltIn } from "../config/diamonds.ts";
import type { Catalogue } from "../config/settings.ts";
import { type CommandSpec, configFlag } from "./command.ts";
import { UsageError } from "./flags.ts";
import {
  allPlugins,
  findCollector,
  findHandler,
  namesIn,
  sorted,
  unknownPlugin,
} from "./plugins.ts";
import { paint, table } from "./text.ts";
import type { Terminal, World } from "./world.ts";

const NOT_BUILT_IN = 1;
/** Defaults that say nothing: no text, no list. */
const EMPTY = ["", '""', ","];

export function describeCommand(world: World): CommandSpec {
  return {
    name: "describe",
    summary: "Describe a collector or handler: its options, metrics and sources",
    operands: "NAME…",
    args: {
      ...configFlag,
      name: { type: "positional", required: false, description: "A collector or handler" },
    },
    examples: [
      "diamond-agent describe DiskSpaceCollector",
      "diamond-agent describe GraphiteHandler",
    ],
    async run(flags) {
      const { words } = flags;
      const { out } = world;
      if (words.length === 0) throw new UsageError("Which one? `diamond-agent list` names them");
      const { paths, names } = await sorted(world, words);
      const { catalogue, custom, source } = await allPlugins(world, flags, paths);
      await source.loader.close();
      let status = 0;
      for (const word of [...paths.flatMap((path) => namesIn(custom, path)), ...names]) {
        const collector = await findCollector(catalogue, word);
        const handler = findHandler(catalogue, word);
        if (collector !== undefined) {
          describeCollector(out, (await catalogue.collectors[collector]()).default);
        } else if (handler !== undefined) {
          describeHandler(out, (await catalogue.handlers[handler]()).default);
        } else {
          describeDiamonds(out, word, catalogue);
          status = NOT_BUILT_IN;
        }
      }
      return status;
    },
  };
}

/** One that Diamond has and this agent does not. Throws for a word that is neither's. */
function describeDiamonds(out: Terminal, word: string, { collectors, handlers }: Catalogue): void {
  const known = diamondsName(word);
  if (known === undefined) {
    throw unknownPlugin("collector or handler", word, [
      ...Object.keys(collectors),
      ...Object.keys(handlers),
    ]);
  }
  out.write(`${paint(out, "bold", known.name)}: ${notBuiltIn(known.kind)}\n`);
}

function describeCollector(out: Terminal, collector: AnyCollector): void {
  const { name, doc, path, sources = [], gone = {}, options, metrics } = collector;
  out.write(`${paint(out, "bold", name)}: ${doc}\n\n`);
  out.write(
    table([["Path", path], ["Systems", systemsOf(collector).join(", ")], [
      "Reads",
      sources.join(", ") || "nothing",
    ]], "  "),
  );
  writeOptions(out, "Its options", options);
  out.write(`\n${paint(out, "bold", "Metrics")}\n`);
  out.write(
    table(
      Object.entries(metrics as Record<string, MetricSpec>).map((
        [pattern, spec],
      ) => [pattern, kindOf(spec), unitText(spec.unit) || "-", spec.help]),
      "  ",
    ),
  );
  const rows = Object.entries(gone).map(([since, names]) => [`since ${since}`, names]);
  if (rows.length > 0) {
    out.write(`\n${paint(out, "bold", "Gone")}\n${table(rows, "  ", out.columns)}`);
  }
  writeOptions(out, "Options of every collector", without(commonOptions, options));
}

function describeHandler(out: Terminal, handler: AnyHandler): void {
  out.write(`${paint(out, "bold", handler.name)}: ${handler.doc}\n\n`);
  const proof = {
    application: "the backend stored the points",
    transport: "the network took the bytes",
    none: "nothing",
  };
  out.write(table([["A write proves", proof[handler.receipt]]], "  "));
  writeOptions(out, "Its options", handler.options);
  writeOptions(out, "Options of every handler", without(deliveryOptions, handler.options));
}

function kindOf({ form, precision }: MetricSpec): string {
  return `${form}${precision > 0 ? `, ${precision} decimals` : ""}`;
}

function writeOptions(out: Terminal, title: string, options: Options): void {
  const rows = Object.entries(options).map(([name, option]) => {
    const allowed = option.allowed === undefined || option.type === "bool"
      ? ""
      : ` (${option.allowed})`;
    const fallback = option.format(option.fallback);
    return [
      name,
      option.type,
      `${option.help}${allowed}${EMPTY.includes(fallback) ? "" : `; default ${fallback}`}`,
    ];
  });
  if (rows.length > 0) {
    out.write(`\n${paint(out, "bold", title)}\n${table(rows, "  ", out.columns)}`);
  }
}

function without(options: Options, others: Options): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !Object.hasOwn(others, name)),
  );
}
