/**
 * The process in which plugins run: this very program, started again. It follows the lines of
 * core/plugin_protocol.ts, and whatever the plugins do to it, the agent goes on.
 */

import { writeSync } from "node:fs";
import process from "node:process";
import {
  type AnyCollector,
  commonOptions,
  type CommonValues,
  type EmitOptions,
} from "../../core/collector.ts";
import { createEmitter, type Emitter } from "../../core/emitter.ts";
import { badData, codeOf, type Failure, messageOf, timedOut } from "../../core/errors.ts";
import {
  ANSWER_MARK,
  type Declaration,
  type Emitted,
  MAX_VALUES,
  type ModuleFile,
  optionDataOf,
  packed,
  packedPart,
  type PluginProcessAnswer,
  type PluginProcessRequest,
  type RunRequest,
  tooMany,
} from "../../core/plugin_protocol.ts";
import { MAX_NAME } from "../../core/naming.ts";
import { UnreadLines } from "../../core/unread_lines.ts";
import type { Host } from "../../ports/host.ts";
import type { Log } from "../../ports/log.ts";
import type { Options, Patterns } from "../../core/option.ts";
import { createHost } from "../host.ts";
import { stdinLines } from "../runtime/stdin_lines.ts";
import { findIdentity } from "../access/identity.ts";
import { become } from "../service/privileges.ts";
import { applyGuard } from "./signal_guard.ts";
import { createHandlerHost } from "./child_handlers.ts";
import { createPluginModules, type PluginModule } from "./modules.ts";

/** In one line. */
const VALUES_AT_ONCE = 500;

interface Instance {
  readonly emitter: Emitter;
  readonly collector: AnyCollector;
  readonly state: unknown;
  readonly unread: UnreadLines;
  busy: boolean;
}

/** Serves until stdin ends. */
export async function servePlugins(): Promise<void> {
  const modules = createPluginModules();
  const instances = new Map<string, Instance>();
  const running = new Map<number, AbortController>();
  /** States that are being put away. */
  const leaving = new Set<Promise<null>>();
  let collectors = new Map<string, AnyCollector>();
  const handlers = createHandlerHost(() => host!, logOf(undefined, undefined));
  let host: Host | undefined;
  /** A process that was started again is asked to run while it still loads. */
  let loading: Promise<unknown> = Promise.resolve();

  async function answer(id: number, request: PluginProcessRequest): Promise<unknown> {
    switch (request.do) {
      case "setup":
        mark = ANSWER_MARK + (request.word ?? "");
        // Before it is another user, who may not.
        if (request.guard !== undefined) applyGuard(request.guard);
        become(findIdentity(request.user, request.group));
        host = createHost({ procfs: "", sysfs: "", rootfs: "", ...request.roots });
        return null;
      case "load":
        loading = request.as === "handlers" ? handlers.load(request.files) : load(request.files);
        return await loading;
      case "open":
        await loading;
        return handlers.open(request.handler, request.options);
      case "write":
        return await cancellable(id, (signal) => handlers.write(request.batch, signal));
      case "close":
        return await handlers.close();
      case "run":
        await loading.catch(() => {});
        return await run(id, request.run);
      case "abort":
        running.get(request.run)?.abort(timedOut("The run takes too long"));
        return null;
      case "drop":
        return await drop(request.instance);
      case "ping":
        return null;
    }
  }

  async function cancellable<T>(id: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      return await work(controller.signal);
    } finally {
      running.delete(id);
    }
  }

  async function load(files: readonly ModuleFile[]) {
    const loaded = await modules.load(files, (path) => say({ at: path }));
    collectors = new Map(
      loaded.flatMap((module) => module.collectors.map((one) => [one.name, one] as const)),
    );
    return loaded.map(({ path, version, error, collectors: all }: PluginModule) => ({
      path,
      version,
      error,
      collectors: all.map(declarationOf),
    }));
  }

  async function run(id: number, request: RunRequest): Promise<null> {
    say({ at: request.collector });
    const options = optionsOf(request);
    const instance = instances.get(request.instance) ?? newInstance(request, options);
    if (instance.busy) throw timedOut("Its last run has still not ended");
    const { collector, emitter, state } = instance;
    const log = logOf(request.collector, id);
    const controller = new AbortController();
    running.set(id, controller);
    instance.busy = true;
    let waiting: Emitted[] = [];
    let count = 0;
    const send = () => {
      if (waiting.length > 0) say({ id, emits: waiting });
      waiting = [];
    };
    const emit = (name: string, value: number | bigint, ...rest: (string | EmitOptions)[]) => {
      if (++count > MAX_VALUES) throw tooMany();
      const published = emitter.emit(String(name), value, ...rest);
      // The agent refuses what is longer, and says so.
      waiting.push([cut(String(name)), packed(value), ...rest.map(packedPart).map(cut)]);
      if (waiting.length >= VALUES_AT_ONCE) send();
      return published;
    };
    try {
      emitter.begin(request.timestamp, performance.now());
      await collector.collect({
        host: host!,
        section: request.section,
        hostname: request.hostname,
        options: options as CommonValues,
        state,
        emit,
        delta: emitter.delta,
        elapsed: request.elapsed,
        signal: controller.signal,
        skipLine: (line) => instance.unread.add(line),
        log,
      });
    } finally {
      emitter.end();
      instance.unread.end((message) => log.warn(`${request.section}: ${message}`));
      instance.busy = false;
      running.delete(id);
      send();
    }
    return null;
  }

  function newInstance(request: RunRequest, options: RunRequest["options"]): Instance {
    const collector = collectors.get(request.collector);
    if (collector === undefined) throw badData(`there is no collector "${request.collector}" now`);
    const none: Patterns = { sources: [], compiled: [] };
    const instance: Instance = {
      collector,
      // The agent has one of these too: this one is for what `emit` and `delta` return.
      emitter: createEmitter({
        naming: { prefix: "", host: null, suffix: "", collector: "", instancePrefix: "" },
        interval: options.interval,
        ttl: 0,
        rates: options.rates,
        whitelist: none,
        blacklist: none,
        metrics: collector.metrics,
        free: collector.custom!.undeclared,
      }),
      // deno-lint-ignore no-explicit-any
      state: collector.prepare?.(options as any, host!),
      unread: new UnreadLines(),
      busy: false,
    };
    instances.set(request.instance, instance);
    return instance;
  }

  function optionsOf({ collector, options }: RunRequest): RunRequest["options"] {
    const declared: Options = { ...commonOptions, ...collectors.get(collector)?.options };
    const values: Record<string, unknown> = { ...options };
    // Regular expressions do not travel.
    for (const [name, option] of Object.entries(declared)) {
      const { sources } = (values[name] ?? {}) as Partial<Patterns>;
      if (option.type === "patterns" && sources !== undefined) values[name] = option.parse(sources);
    }
    return values as RunRequest["options"];
  }

  function drop(name: string): Promise<null> {
    const going = putAway(name).finally(() => leaving.delete(going));
    leaving.add(going);
    return going;
  }

  async function putAway(name: string): Promise<null> {
    const state = instances.get(name)?.state as Partial<AsyncDisposable & Disposable> | null;
    instances.delete(name);
    await state?.[Symbol.asyncDispose]?.();
    state?.[Symbol.dispose]?.();
    return null;
  }

  async function serve(line: string): Promise<void> {
    const { id, ...request } = JSON.parse(line) as PluginProcessRequest & { id: number };
    try {
      say({ id, result: await answer(id, request) });
    } catch (error) {
      say({ id, error: toldError(error) });
    }
  }

  takeOverOutput();
  await stdinLines((line) => void serve(line));
  for (const name of instances.keys()) void drop(name);
  leaving.add(handlers.close().then(() => null));
  await Promise.allSettled(leaving);
}

function declarationOf(collector: AnyCollector): Declaration {
  const { name, doc, path, sources, systems, custom } = collector;
  return {
    name,
    doc,
    path,
    sources,
    systems,
    options: custom!.freeOptions ? null : optionDataOf(collector.options),
    metrics: custom!.undeclared ? null : collector.metrics,
  };
}

function cut<T>(part: T): T {
  return typeof part === "string" ? part.slice(0, MAX_NAME + 1) as T : part;
}

/** Of a collector's run, or of a handler, whose process has its name. */
function logOf(collector: string | undefined, id: number | undefined): Log {
  const prefix = collector === undefined ? "" : `${collector}: `;
  const at = (level: keyof Log) => (text: string) =>
    say({ id, log: [level, `${prefix}${text}`.slice(0, MAX_TEXT)] });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What collectors print is not an answer, and an uncaught error does not end the process. */
function takeOverOutput(): void {
  const stray = (error: unknown) =>
    say({ log: ["error", `An error that nobody caught: ${withStack(error)}`] });
  process.on("uncaughtException", stray);
  process.on("unhandledRejection", stray);
}

function withStack(error: unknown): string {
  const text = error instanceof Error && error.stack ? error.stack : messageOf(error);
  return text.slice(0, MAX_TEXT);
}

/** With what the agent asks about an error besides its message. */
function toldError(error: unknown): NonNullable<PluginProcessAnswer["error"]> {
  const { points, retryAfter } = (error ?? {}) as Partial<Failure>;
  return {
    code: codeOf(error),
    message: messageOf(error),
    points: points as readonly number[] | number | undefined,
    retryAfter,
  };
}

/** Characters of a text for the log. */
const MAX_TEXT = 4000;
const encoder = new TextEncoder();
/** Plugins print to the same stream: a line without the agent's word is not an answer. */
let mark = ANSWER_MARK;

/** Waits while the agent has no time to read. */
function say(answer: PluginProcessAnswer): void {
  let bytes = encoder.encode(`${mark}${JSON.stringify(answer)}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return process.exit(0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
