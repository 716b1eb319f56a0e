/** Handlers in a process of their own: they are opened, get batches, and are closed as the agent says. */

import { Failure, undelivered } from "../../core/errors.ts";
import { type AnyHandler, deliveryOptions, type Sink } from "../../core/handler.ts";
import { createBatchUnpacker, type PackedBatch } from "../../core/handler_protocol.ts";
import type { Metric } from "../../core/metric.ts";
import type { Option } from "../../core/option.ts";
import {
  type HandlerDeclaration,
  type LoadedModule,
  type ModuleFile,
  optionDataOf,
} from "../../core/plugin_protocol.ts";
import type { Host } from "../../ports/host.ts";
import type { Log } from "../../ports/log.ts";
import { handlersOf } from "./check.ts";
import { withPatterns } from "./child_collectors.ts";
import { importPlugin } from "./import_module.ts";
import { withLine } from "./modules.ts";

type Values = Readonly<Record<string, unknown>>;

interface HandlerHost {
  load(files: readonly ModuleFile[]): Promise<readonly LoadedModule[]>;
  /** Once in a process. */
  open(name: string, values: Values): void;
  write(batch: PackedBatch, signal: AbortSignal): Promise<null>;
  close(): Promise<void>;
}

export function createHandlerHost(host: () => Host, log: Log): HandlerHost {
  const unpack = createBatchUnpacker();
  let handlers: readonly AnyHandler[] = [];
  let sink: Partial<Sink> = {};

  return {
    async load(files) {
      const modules: LoadedModule[] = [];
      for (const file of files) {
        const module = { path: file.path, version: 1, collectors: [] };
        try {
          handlers = handlersOf(await importPlugin(file));
          modules.push({ ...module, handlers: handlers.map(declarationOf) });
        } catch (error) {
          modules.push({ ...module, error: withLine(error, file.path) });
        }
      }
      return modules;
    },
    open(name, values) {
      const handler = handlers.find((one) => one.name === name);
      if (handler === undefined) throw new Error(`there is no handler "${name}" in its file now`);
      const options = withPatterns({ ...deliveryOptions, ...handler.options }, values) as never;
      sink = handler.open({ host: host(), options, log });
      if (typeof sink?.write !== "function") {
        throw new Error(`"open" returns ${sink === null ? "null" : typeof sink} without "write"`);
      }
    },
    async write(packed, signal) {
      const batch = unpack(packed);
      try {
        if (sink?.write === undefined) throw undelivered("the handler is not open");
        await sink.write([...batch], signal);
        return null;
      } catch (error) {
        throw withPlaces(error, batch);
      }
    },
    async close() {
      const last = sink;
      sink = {};
      await last?.[Symbol.asyncDispose]?.();
    },
  };
}

/** The points that a handler names as refused, by their places in the batch. */
function withPlaces(error: unknown, batch: readonly Metric[]): unknown {
  if (!(error instanceof Failure) || !Array.isArray(error.points)) return error;
  const places = error.points.map((point) => batch.indexOf(point)).filter((at) => at >= 0);
  return Object.assign(new Failure(error.code, error.message), { points: places });
}

function declarationOf(handler: AnyHandler): HandlerDeclaration {
  const { name, doc, options, receipt, ordered, expand } = handler;
  const fallbacks = Object.entries<Option<unknown>>({ ...deliveryOptions, ...options }).map((
    [key, { fallback }],
  ) => [key, fallback]);
  const largest = handler.largest?.(Object.fromEntries(fallbacks));
  if (expand !== undefined) {
    throw new Error(`"expand" of ${name} works in the agent only: [server] isolation = none`);
  }
  return {
    name,
    doc,
    options: handler.custom?.freeOptions ? null : optionDataOf(options),
    receipt,
    ordered,
    largest,
  };
}
