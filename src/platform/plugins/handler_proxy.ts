/** Stands for a handler in another process: each sink has a process of its own, and a write asks it. */

import { badData, Failure, messageOf, timedOut } from "../../core/errors.ts";
import { type AnyHandler, deliveryOptions, type Sink } from "../../core/handler.ts";
import { createBatchPacker } from "../../core/handler_protocol.ts";
import type { Metric } from "../../core/metric.ts";
import type { Raw } from "../../core/option.ts";
import { type HandlerDeclaration, optionsOfData } from "../../core/plugin_protocol.ts";
import type { PluginProcess } from "./process.ts";

/** For the handler's own end, which may have a batch to send. */
const CLOSE_MS = 1200;

/** Beyond the handler's own `timeout`. */
const MARGIN_SECONDS = 30;

/** `start` makes the process of one sink, `end` is called at its end. Throws `config` for options that cannot be made. */
export function handlerProxy(
  declaration: HandlerDeclaration,
  start: (handler: string) => PluginProcess,
  end: (process: PluginProcess) => void,
): AnyHandler {
  const { name, doc, receipt, ordered, largest, wantsSection } = declaration;
  return {
    name,
    doc,
    options: wantsSection ? patient : optionsOfData(declaration.options ?? {}),
    custom: { freeOptions: declaration.options === null, wantsSection },
    receipt,
    ordered,
    ...(largest !== undefined && { largest: () => largest }),
    open: ({ options, log }) => {
      const process = start(name);
      return proxySink(
        process,
        { do: "open", handler: name, options },
        (message) => log.debug(`${name}: ${message}`),
        () => end(process),
      );
    },
  };
}

/** What waits for a backend itself is not ended just when it would end its wait. */
const patient = {
  timeout: {
    ...deliveryOptions.timeout,
    fallback: deliveryOptions.timeout.fallback + MARGIN_SECONDS,
    parse: (raw: Raw) => deliveryOptions.timeout.parse(raw) + MARGIN_SECONDS,
  },
};

function proxySink(
  process: PluginProcess,
  open: { do: "open"; handler: string; options: Readonly<Record<string, unknown>> },
  debug: (message: string) => void,
  ended: () => void,
): Sink {
  let pack = createBatchPacker();
  let openedIn: number | undefined;

  /** In each process that is started: it loads the file first. */
  async function opened(signal: AbortSignal): Promise<void> {
    const now = process.generation();
    if (openedIn === now) return;
    await process.call(open, signal);
    pack = createBatchPacker();
    openedIn = now;
  }

  return {
    async write(batch, signal) {
      try {
        await opened(signal);
        await process.call({ do: "write", batch: pack(batch) }, signal);
      } catch (error) {
        throw withPoints(error, batch);
      }
    },
    async [Symbol.asyncDispose]() {
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(timedOut("it does not end")), CLOSE_MS);
      try {
        if (openedIn === process.generation()) await process.call({ do: "close" }, limit.signal);
      } catch (error) {
        debug(`closing failed: ${messageOf(error)}`);
      } finally {
        clearTimeout(timer);
        await process.close();
        ended();
      }
    },
  };
}

/** The points themselves, where the process names them by their places. */
function withPoints(error: unknown, batch: readonly Metric[]): unknown {
  if (!(error instanceof Failure)) return badData(messageOf(error));
  const places = error.points;
  if (!Array.isArray(places)) return error;
  const points = places.map((place) => batch[place as number]).filter((one) => one !== undefined);
  return Object.assign(error, { points });
}
