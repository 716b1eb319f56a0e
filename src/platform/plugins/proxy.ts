/** Stands for a collector in another process: each run asks that process. */

import { type AnyCollector, commonOptions, everySystem } from "../../core/collector.ts";
import type { Emitter } from "../../core/emitter.ts";
import { badData } from "../../core/errors.ts";
import {
  type Declaration,
  type Emitted,
  MAX_VALUES,
  optionsOfData,
  tooMany,
  unpackedPart,
} from "../../core/plugin_protocol.ts";
import { unpacked } from "../../core/packed_numbers.ts";
import type { Option, Options } from "../../core/option.ts";
import type { PluginSwap } from "./swap.ts";
import type { PluginProcess } from "./process.ts";

export interface ProxyMaker {
  /** The very same object for the same version of the same file: what is unchanged runs on. */
  proxyOf(declaration: Declaration, file: string, version: number): AnyCollector;
  /** Before the files are looked at again: what is not asked for until the next call is forgotten. */
  begin(): void;
}

export function createProxyMaker(pool: PluginSwap): ProxyMaker {
  let before = new Map<string, AnyCollector>();
  let proxies = new Map<string, AnyCollector>();
  let instances = 0;

  function child(): PluginProcess {
    if (pool.child === undefined) throw badData("the process of the custom collectors is gone");
    return pool.child;
  }

  function made(declaration: Declaration, file: string): AnyCollector {
    const { name, doc, path, sources, systems, options, metrics, defaults = {} } = declaration;
    return {
      name,
      doc,
      path,
      sources,
      systems: systems ?? everySystem,
      options: { ...withDefaults(defaults), ...optionsOfData(options ?? {}) },
      metrics: metrics ?? {},
      custom: { file, freeOptions: options === null, undeclared: metrics === null },
      prepare() {
        const instance = `${name} ${++instances}`;
        return {
          instance,
          [Symbol.dispose]: () => pool.child?.drop(instance),
        };
      },
      async collect(
        { host, section, hostname, options: values, state, emit, elapsed, signal, log },
      ) {
        let failure: unknown;
        let count = 0;
        const publish = emit as Emitter["emit"];
        const take = (emits: readonly Emitted[]) => {
          try {
            count += emits.length;
            if (count > MAX_VALUES) throw tooMany();
            for (const [metric, value, ...rest] of emits) {
              publish(metric, unpacked(value), ...rest.map(unpackedPart));
            }
          } catch (error) {
            failure ??= error;
          }
        };
        const run = {
          instance: state.instance,
          collector: name,
          section,
          hostname,
          options: values,
          timestamp: Math.floor(host.clock.now() / 1000),
          elapsed,
        };
        await child().run(run, take, signal, log);
        if (failure !== undefined) throw failure;
      },
    };
  }

  return {
    begin() {
      before = proxies;
      proxies = new Map();
    },
    proxyOf(declaration, file, version) {
      const key = `${file} ${version} ${declaration.name}`;
      const proxy = before.get(key) ?? made(declaration, file);
      proxies.set(key, proxy);
      return proxy;
    },
  };
}

/** The common options, those whose default a class in Python has changed. */
function withDefaults(defaults: NonNullable<Declaration["defaults"]>): Options {
  const changed: Record<string, Option<unknown>> = {};
  for (const [name, option] of Object.entries<Option<unknown>>(commonOptions)) {
    const given = defaults[name];
    // What it is called and whether it runs is said elsewhere.
    if (given === undefined || name === "path" || name === "enabled") continue;
    try {
      changed[name] = { ...option, fallback: option.parse(given) };
    } catch {
      // No value that the agent knows: its own default stands.
    }
  }
  return changed;
}
