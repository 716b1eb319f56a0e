/** Tries each handler's way to its backend, and delivers one point if asked to. */

import { adviceForHandler } from "../../agent/advice.ts";
import { backendsOf } from "../../agent/parts.ts";
import type { HandlerConfig } from "../../agent/agent_contract.ts";
import { createHostnameResolver } from "../../agent/hostname.ts";
import type { Settings } from "../../config/settings.ts";
import { commonOptions, type CommonValues } from "../../core/collector.ts";
import { messageOf } from "../../core/errors.ts";
import type { Metric } from "../../core/metric.ts";
import { metricPath } from "../../core/naming.ts";
import type { Host } from "../../ports/host.ts";
import { silentLog } from "../../ports/log.ts";
import { dryHost, type DrySettings, type Step } from "./dry_host.ts";

export interface Tried {
  /** The handler's section, or what a path is for. */
  readonly name: string;
  readonly ok: boolean;
  readonly what: string;
  readonly todo?: string;
}

/** Each step of a handler ends within this time, or within its `timeout` if that is less. */
const MAX_SECONDS = 10;
/** A peer of another kind answers to a line at once. */
const ANSWER_MS = 1000;

interface How extends Omit<DrySettings, "note"> {
  /** Also deliver a point. */
  readonly writes: boolean;
}

export async function tryHandlers(
  settings: Settings,
  host: Host,
  how: How,
): Promise<Tried[]> {
  const point = await testPoint(settings, host);
  const parts = settings.handlers.flatMap(backendsOf);
  const all = await Promise.all(parts.map(async (part) => {
    if (part.handler.custom !== undefined) {
      return [{
        name: part.section,
        ok: true,
        what: "a plugin: only its own code knows where it sends; not tried",
      }];
    }
    const steps = await reach(part, host, how, point);
    const found = steps.map((step) => triedFrom(part.section, step));
    if (!how.writes || steps.some(({ isTaken }) => isTaken) || found.some(({ ok }) => !ok)) {
      return found;
    }
    return [...found, await deliver(part, host, point)];
  }));
  return all.flat();
}

function triedFrom(name: string, { what, error }: Step): Tried {
  if (error === undefined) return { name, ok: true, what };
  const state = { message: error, code: undefined, first: 0, last: 0, count: 1 };
  return { name, ok: false, what: error, todo: todoFor(state) };
}

function todoFor(state: Parameters<typeof adviceForHandler>[0]): string {
  const advice = adviceForHandler(state);
  return /^see the log/.test(advice) ? "look at the options of the handler" : advice;
}

/** All that a first write needs, but for the write. */
async function reach(
  { handler, options }: HandlerConfig,
  host: Host,
  how: How,
  point: Metric,
): Promise<Step[]> {
  const steps: Step[] = [];
  const deadline = new AbortController();
  const seconds = Math.min(options.timeout, MAX_SECONDS);
  const cancel = host.clock.after(seconds * 1000, () => deadline.abort());
  try {
    const sink = handler.open({
      host: dryHost(host, { ...how, note: (step) => steps.push(step) }),
      options,
      log: silentLog,
    });
    const written = (async () => await sink.write([point], deadline.signal))();
    const late = Promise.withResolvers<never>();
    const stop = host.clock.after(
      (seconds + 1) * 1000,
      () => late.reject(new Error(`nothing happens within ${seconds} s`)),
    );
    await Promise.race([written, late.promise]).finally(stop);
    await sink[Symbol.asyncDispose]();
  } catch (error) {
    // What is answered for the backend is not what a handler expects: only the steps count.
    if (steps.length === 0) steps.push({ what: "opens", error: messageOf(error) });
  } finally {
    cancel();
  }
  return steps.length > 0 ? steps : [{ what: "needs no connection" }];
}

/** One point, and what the peer makes of it. */
async function deliver(part: HandlerConfig, host: Host, point: Metric): Promise<Tried> {
  const { section: name, options, handler } = part;
  const deadline = new AbortController();
  const seconds = Math.min(options.timeout, MAX_SECONDS);
  const cancel = host.clock.after(seconds * 1000, () => deadline.abort());
  try {
    const sink = handler.open({ host, options, log: silentLog });
    await sink.write([point], deadline.signal);
    if (sink.watch !== undefined) await host.clock.sleep(ANSWER_MS);
    const early = sink.watch?.broken();
    await sink[Symbol.asyncDispose]();
    const broken = early ?? sink.watch?.broken();
    if (broken !== undefined) throw broken.error;
    return { name, ok: true, what: `wrote ${point.series.path}: ${PROOFS[handler.receipt]}` };
  } catch (error) {
    return triedFrom(name, { what: "writes", error: messageOf(error) });
  } finally {
    cancel();
  }
}

const PROOFS = {
  application: "the backend has it",
  transport: "the network took it",
  none: "nothing confirms it",
} as const;

/** Of the host that the collectors are of. */
async function testPoint({ collectors }: Settings, host: Host): Promise<Metric> {
  const fallback = Object.fromEntries(
    Object.entries(commonOptions).map(([name, option]) => [name, option.fallback]),
  ) as unknown as CommonValues;
  const { options = fallback, origins } = collectors[0] ?? {};
  const name = await createHostnameResolver(host)
    .resolve(options, origins?.has("hostname") ?? false).catch(() => host.names.hostname());
  const { path_prefix: prefix, path_suffix: suffix, instance_prefix: instancePrefix } = options;
  const naming = { prefix, host: name, suffix, collector: "diamond", instancePrefix };
  return {
    series: {
      ...{
        path: metricPath(naming, "check", null),
        prefix,
        host: name,
        suffix,
        collector: "diamond",
      },
      ...{
        name: "check",
        pattern: "check",
        labels: {},
        instance: null,
        kind: "gauge",
        precision: 0,
      },
      ...{ unit: "", help: "Written by check --connect --write", ttl: 600 },
    },
    value: 1,
    timestamp: Math.floor(host.clock.now() / 1000),
  };
}
