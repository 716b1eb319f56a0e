/**
 * The process in which users' collectors run: this very program, started again. It does what it is
 * told by the lines of core/plugin_protocol.ts, and whatever the collectors do to it, the agent goes on.
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
import { badData, codeOf, messageOf, timedOut } from "../../core/errors.ts";
import {
  ANSWER_MARK,
  type Declaration,
  type Emitted,
  type ModuleFile,
  packed,
  packedPart,
  type PluginProcessAnswer,
  type PluginProcessRequest,
  type RunRequest,
} from "../../core/plugin_protocol.ts";
import type { Host } from "../../ports/host.ts";
import type { Log } from "../../ports/log.ts";
import type { Options, Patterns } from "../../core/option.ts";
import { createHost } from "../host.ts";
import { findIdentity } from "../access/identity.ts";
import { become } from "../service/privileges.ts";
import { createPluginModules, type PluginModule } from "./modules.ts";

/** Values in one run; more are a mistake, and would fill the memory. */
const MAX_VALUES = 100_000;
/** In one line. */
const VALUES_AT_ONCE = 500;

interface Instance {
  readonly emitter: Emitter;
  readonly collector: AnyCollector;
  readonly state: unknown;
  busy: boolean;
}

/** Serves until stdin ends. */
export function servePlugins(): Promise<void> {
  const modules = createPluginModules();
  const instances = new Map<string, Instance>();
  const running = new Map<number, AbortController>();
  /** States that are being put away. */
  const leaving = new Set<Promise<null>>();
  let collectors = new Map<string, AnyCollector>();
  let host: Host | undefined;
  /** A process that was started again is asked to run while it still loads. */
  let loading: Promise<unknown> = Promise.resolve();

  async function answer(id: number, request: PluginProcessRequest): Promise<unknown> {
    switch (request.do) {
      case "setup":
        become(findIdentity(request.user, request.group));
        host = createHost({ procfs: "", sysfs: "", rootfs: "", ...request.roots });
        return null;
      case "load":
        loading = load(request.files);
        return await loading;
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
      if (++count > MAX_VALUES) throw badData(`It emits more than ${MAX_VALUES} values in a run`);
      const published = emitter.emit(String(name), value, ...rest);
      waiting.push([String(name), packed(value), ...rest.map(packedPart)]);
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
        log: logOf(request.collector, id),
      });
    } finally {
      emitter.end();
      instance.busy = false;
      running.delete(id);
      send();
    }
    return null;
  }

  function newInstance(request: RunRequest, options: RunRequest["options"]): Instance {
    const collector = collectors.get(request.collector);
    if (collector === undefined) throw badData(`There is no collector "${request.collector}" now`);
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
        free: collector.custom!.freeMetrics,
      }),
      // deno-lint-ignore no-explicit-any
      state: collector.prepare?.(options as any, host!),
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
      say({ id, error: { code: codeOf(error), message: messageOf(error) } });
    }
  }

  return new Promise((resolve) => {
    takeOverOutput();
    let text = "";
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (chunk: string) => {
      const lines = (text + chunk).split("\n");
      text = lines.pop()!;
      for (const line of lines) void serve(line);
    });
    const end = () => {
      for (const name of instances.keys()) void drop(name);
      void Promise.allSettled(leaving).then(() => resolve());
    };
    process.stdin.on("end", end);
    process.stdin.on("error", end);
  });
}

function declarationOf(collector: AnyCollector): Declaration {
  const { name, doc, path, sources, systems, custom } = collector;
  const options = Object.entries(collector.options as Options).map(([key, { made, needed }]) => [
    key,
    { made, needed },
  ]);
  return {
    name,
    doc,
    path,
    sources,
    systems,
    options: custom!.freeOptions ? null : Object.fromEntries(options),
    metrics: custom!.freeMetrics ? null : collector.metrics,
  };
}

function logOf(collector: string, id: number): Log {
  const at = (level: keyof Log) => (text: string) =>
    say({ id, log: [level, `${collector}: ${text}`] });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What collectors print is no answer, and errors that nobody caught end nothing. */
function takeOverOutput(): void {
  const stray = (error: unknown) =>
    say({ log: ["error", `An error that nobody caught: ${withStack(error)}`] });
  process.on("uncaughtException", stray);
  process.on("unhandledRejection", stray);
}

function withStack(error: unknown): string {
  return error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error);
}

const encoder = new TextEncoder();

/** Waits while the agent has no time to read. */
function say(answer: PluginProcessAnswer): void {
  let bytes = encoder.encode(`${ANSWER_MARK}${JSON.stringify(answer)}\n`);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return process.exit(0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
