/** Collectors in a process of their own: they are loaded, run, and dropped as the agent says. */

import {
  type AnyCollector,
  commonOptions,
  type CommonValues,
  type EmitOptions,
} from "../../core/collector.ts";
import { createEmitter, type Emitter } from "../../core/emitter.ts";
import { badData, timedOut } from "../../core/errors.ts";
import { MAX_NAME } from "../../core/naming.ts";
import type { Options, Patterns } from "../../core/option.ts";
import {
  type Declaration,
  type Emitted,
  type LoadedModule,
  MAX_VALUES,
  type ModuleFile,
  optionDataOf,
  packedPart,
  type RunRequest,
  tooMany,
} from "../../core/plugin_protocol.ts";
import { packed } from "../../core/packed_numbers.ts";
import { SeriesLimit } from "../../core/series_limit.ts";
import { UnreadLines } from "../../core/unread_lines.ts";
import type { Host } from "../../ports/host.ts";
import { logOf, say } from "./child_output.ts";
import { createPluginModules } from "./modules.ts";

/** Values in one line to the agent. */
const VALUES_AT_ONCE = 500;
const NO_PATTERNS: Patterns = { sources: [], compiled: [] };

interface Instance {
  readonly emitter: Emitter;
  readonly collector: AnyCollector;
  readonly state: unknown;
  readonly unread: UnreadLines;
  busy: boolean;
}

export class ChildCollectors {
  readonly #host: () => Host;
  readonly #modules = createPluginModules();
  readonly #instances = new Map<string, Instance>();
  /** States that are being closed. */
  readonly #leaving = new Set<Promise<null>>();
  #collectors = new Map<string, AnyCollector>();

  constructor(host: () => Host) {
    this.#host = host;
  }

  async load(files: readonly ModuleFile[]): Promise<readonly LoadedModule[]> {
    const loaded = await this.#modules.load(files, (path) => say({ at: path }));
    this.#collectors = new Map(
      loaded.flatMap((module) => module.collectors.map((one) => [one.name, one] as const)),
    );
    return loaded.map(({ path, version, error, collectors }) => ({
      path,
      version,
      error,
      collectors: collectors.map(declarationOf),
    }));
  }

  async run(id: number, request: RunRequest, signal: AbortSignal): Promise<null> {
    say({ at: request.collector });
    const options = this.#optionsOf(request);
    const instance = this.#instances.get(request.instance) ?? this.#add(request, options);
    if (instance.busy) throw timedOut("Its last run has still not ended");
    const { collector, emitter, state, unread } = instance;
    const log = logOf(request.collector, id);
    const emits = emitsTo(id, emitter);
    instance.busy = true;
    try {
      emitter.begin(request.timestamp, performance.now());
      await collector.collect({
        host: this.#host(),
        section: request.section,
        hostname: request.hostname,
        options: options as CommonValues,
        state,
        emit: emits.emit,
        delta: emitter.delta,
        elapsed: request.elapsed,
        signal,
        skipLine: (line) => unread.add(line),
        leaveOut: (count, what) => log.warn(`${request.section}: ${count} left out: ${what}`),
        log,
      });
    } finally {
      emitter.end();
      unread.end((message) => log.warn(`${request.section}: ${message}`));
      instance.busy = false;
      emits.send();
    }
    return null;
  }

  drop(name: string): Promise<null> {
    const going = this.#putAway(name).finally(() => this.#leaving.delete(going));
    this.#leaving.add(going);
    return going;
  }

  /** Closes the states of all. */
  async close(): Promise<void> {
    for (const name of this.#instances.keys()) void this.drop(name);
    await Promise.allSettled(this.#leaving);
  }

  #add(request: RunRequest, options: RunRequest["options"]): Instance {
    const collector = this.#collectors.get(request.collector);
    if (collector === undefined) throw badData(`there is no collector "${request.collector}" now`);
    const instance: Instance = {
      collector,
      // The agent has one of these too: this one is for what `emit` and `delta` return.
      emitter: createEmitter({
        naming: { prefix: "", host: null, suffix: "", collector: "", instancePrefix: "" },
        interval: options.interval,
        ttl: 0,
        rates: options.rates,
        whitelist: NO_PATTERNS,
        blacklist: NO_PATTERNS,
        metrics: collector.metrics,
        free: collector.custom!.undeclared,
        limit: new SeriesLimit(Number(options.max_series) || Infinity, { max: Infinity, used: 0 }),
      }),
      // deno-lint-ignore no-explicit-any
      state: collector.prepare?.(options as any, this.#host()),
      unread: new UnreadLines(),
      busy: false,
    };
    this.#instances.set(request.instance, instance);
    return instance;
  }

  #optionsOf({ collector, options }: RunRequest): RunRequest["options"] {
    const declared: Options = { ...commonOptions, ...this.#collectors.get(collector)?.options };
    return withPatterns(declared, options) as RunRequest["options"];
  }

  async #putAway(name: string): Promise<null> {
    const state = this.#instances.get(name)?.state as Partial<AsyncDisposable & Disposable> | null;
    this.#instances.delete(name);
    await state?.[Symbol.asyncDispose]?.();
    state?.[Symbol.dispose]?.();
    return null;
  }
}

/** The values with their regular expressions, which do not travel. */
export function withPatterns(
  declared: Options,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = { ...given };
  for (const [name, option] of Object.entries(declared)) {
    const { sources } = (values[name] ?? {}) as Partial<Patterns>;
    if (option.type === "patterns" && sources !== undefined) values[name] = option.parse(sources);
  }
  return values;
}

/** `emit` of one run, which sends its values to the agent, many in a line. */
function emitsTo(id: number, emitter: Emitter) {
  let waiting: Emitted[] = [];
  let count = 0;
  const send = () => {
    if (waiting.length > 0) say({ id, emits: waiting });
    waiting = [];
  };
  return {
    send,
    emit(name: string, value: number | bigint, ...rest: (string | EmitOptions)[]) {
      if (++count > MAX_VALUES) throw tooMany();
      const published = emitter.emit(String(name), value, ...rest);
      // The agent refuses what is longer, and says so.
      waiting.push([cut(String(name)), packed(value), ...rest.map(packedPart).map(cut)]);
      if (waiting.length >= VALUES_AT_ONCE) send();
      return published;
    },
  };
}

function cut<T>(part: T): T {
  return typeof part === "string" ? part.slice(0, MAX_NAME + 1) as T : part;
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
