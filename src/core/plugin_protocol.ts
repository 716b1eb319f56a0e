/**
 * Protocol between the agent and a plugin process: one JSON object per line. The agent keeps the schedule, the
 * names, the rates and the filters. It asks the process to run one collector once, and the process answers with
 * the values that the collector emitted.
 */

import type { System } from "../ports/host.ts";
import type { CommonValues, EmitOptions, Metrics } from "./collector.ts";
import { badData, type Failure, type FailureCode } from "./errors.ts";
import type { Receipt } from "./handler.ts";
import type { PackedBatch } from "./handler_protocol.ts";
import { packed, unpacked } from "./packed_numbers.ts";
import { type Option, optionFrom, type Options } from "./option.ts";

/**
 * Marks the lines that are answers; the process's other output is its log. If plugins may print to the same
 * stream, the setup request carries a word that must follow the mark.
 */
export const ANSWER_MARK = "\u0001";

export interface ModuleFile {
  readonly path: string;
  /** Changes when the file does. */
  readonly fileVersion: string;
}

/** A collector as far as it is data. */
export interface Declaration {
  readonly name: string;
  readonly doc: string;
  readonly path: string;
  readonly sources?: readonly string[];
  readonly systems?: readonly System[];
  /** Null: free. */
  readonly options: Readonly<Record<string, OptionData>> | null;
  readonly metrics: Metrics | null;
  /** Of a collector in Python: what its class gives to options that it has not declared. */
  readonly defaults?: Readonly<Record<string, string | readonly string[]>>;
}

/** What files in Python are loaded with. */
export interface LoadContext {
  /** Where modules that users' files import may be. */
  readonly folders?: readonly string[];
  readonly config?: PlainConfig;
  /** Collectors that no file names: installed packages may offer them. */
  readonly lost?: readonly string[];
}

/** The configuration as its files have it, and where its main file is. */
export interface PlainConfig {
  readonly path: string;
  readonly tree: Readonly<Record<string, unknown>>;
}

export interface OptionData {
  readonly made: Option<unknown>["made"];
  readonly needed?: boolean;
}

/** A handler as far as it is data. */
export interface HandlerDeclaration {
  readonly name: string;
  readonly doc: string;
  /** Null: free. */
  readonly options: Readonly<Record<string, OptionData>> | null;
  readonly receipt: Receipt;
  readonly ordered?: boolean;
  /** With the options' own defaults. */
  readonly largest?: number;
  /** See HandlerTraits. */
  readonly wantsSection?: boolean;
}

/** Options as they travel: as how they were made. */
export function optionDataOf(options: Options): Readonly<Record<string, OptionData>> {
  return Object.fromEntries(
    Object.entries(options).map(([key, { made, needed }]) => [key, { made, needed }]),
  );
}

/** And made again. Throws `config` for what makes none. */
export function optionsOfData(data: Readonly<Record<string, OptionData>>): Options {
  const entries = Object.entries(data).map(([key, { made, needed }]) => [
    key,
    { ...optionFrom(made), needed },
  ]);
  return Object.fromEntries(entries);
}

export interface LoadedModule {
  readonly path: string;
  /** Changes each time the file is loaded again. */
  readonly version: number;
  readonly collectors: readonly Declaration[];
  /** It ended the process that loaded it, or did not let it go on. */
  readonly isFatal?: boolean;
  /** Of a file in Python: modules that it imports, and that are not there. */
  readonly missing?: readonly string[];
  readonly handlers?: readonly HandlerDeclaration[];
  /** Why it could not be loaded; what is in `collectors` is an older version of it. */
  readonly error?: string;
}

export interface RunRequest {
  /** One for each instance that is at work. */
  readonly instance: string;
  readonly collector: string;
  /** Its name in the configuration, and that of the host in metric paths. */
  readonly section: string;
  readonly hostname: string | null;
  readonly options: Readonly<Record<string, unknown>> & Pick<CommonValues, "interval" | "rates">;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly elapsed: number;
}

export type PluginProcessRequest =
  | {
    readonly do: "setup";
    readonly roots: Readonly<Record<string, string>>;
    readonly user: string;
    readonly group: string;
    /** PYTHONPATH, as far as it may be trusted. */
    readonly pythonPath?: readonly string[];
    /** What follows the mark of each answer. */
    readonly word?: string;
    /** What keeps it from signalling the agent; see platform/plugins/signal_filter.ts. */
    readonly guard?: { readonly call: number; readonly program: string };
  }
  | ({
    readonly do: "load";
    readonly files: readonly ModuleFile[];
    readonly as?: "handlers";
  } & LoadContext)
  | {
    readonly do: "open";
    readonly handler: string;
    readonly options: Readonly<Record<string, unknown>>;
  }
  | { readonly do: "write"; readonly batch: PackedBatch }
  | { readonly do: "close" }
  | { readonly do: "run"; readonly run: RunRequest }
  | { readonly do: "abort"; readonly run: number }
  | { readonly do: "drop"; readonly instance: string }
  | { readonly do: "ping" };

/** Values in one run; more are a mistake, and would fill the memory. */
export const MAX_VALUES = 100_000;

export function tooMany(): Failure {
  return badData(`it emits more than ${MAX_VALUES} values in a run`);
}

/** `emit(name, value, …parts, extras?)`, its value as text where JSON has no such number. */
export type Emitted = readonly [
  name: string,
  value: number | string,
  ...rest: (string | EmitOptions)[],
];

export interface PluginProcessAnswer {
  /** Of the request; absent in what was not asked for. */
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: {
    readonly code?: FailureCode;
    readonly message: string;
    /** For handlers: see Failure. Points are given by their positions in the batch. */
    readonly points?: readonly number[] | number;
    readonly retryAfter?: number;
  };
  /** Values of a run that is under way. */
  readonly emits?: readonly Emitted[];
  /** The file that is being loaded now, or the section that begins to run. */
  readonly at?: string;
  /** With the `id` of the run that says it, where there is one. */
  readonly log?: readonly [level: "debug" | "info" | "warn" | "error", text: string];
}

/** The parts beside name and value, on their way out. */
export function packedPart(part: string | EmitOptions): string | EmitOptions {
  if (typeof part === "string" || part.raw === undefined) return part;
  return { ...part, raw: packed(part.raw) as number };
}

/** And on their way in. */
export function unpackedPart(part: string | EmitOptions): string | EmitOptions {
  if (typeof part === "string" || part.raw === undefined) return part;
  return { ...part, raw: unpacked(part.raw as number | string) };
}
