/** What an explanation is: rows for a page, a terminal or a program, and the facts that it is made of. */

import type { CollectorFact, OptionFact } from "../agent/facts.ts";
import type { CollectorStatus, HandlerStatus } from "../agent/status.ts";
import type { Trace } from "../agent/trace.ts";

export interface Row {
  readonly label: string;
  readonly value: string;
  /** `file:line` of an option, the file of a plugin. */
  readonly where?: string;
}

export interface Explanation {
  readonly title: string;
  /** One sentence: what it is, or why there is nothing. */
  readonly verdict: string;
  /** Whether there is nothing to correct. */
  readonly ok: boolean;
  readonly rows: readonly Row[];
}

/** A collector's class by the component that it has in paths, or Diamond's that is not built in. */
export interface KnownClass {
  readonly name: string;
  readonly isBuiltIn: boolean;
}

export interface Facts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly collectorStates: readonly CollectorStatus[];
  /** Absent where no agent runs. */
  readonly handlerStates?: readonly HandlerStatus[];
  readonly collectors: readonly CollectorFact[];
  /** Options of handlers, by their names. */
  readonly handlers: ReadonlyMap<string, readonly OptionFact[]>;
  /** Enabled and not to be had: why, by section. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** `file:line` of each section. */
  readonly sections: ReadonlyMap<string, string>;
  /** The main file. */
  readonly file: string;
  classOf(component: string): KnownClass | undefined;
  /** Undefined for a name that neither this agent nor python-diamond has. */
  isBuiltIn(className: string): boolean | undefined;
  /** Runs the collector once more; undefined where that shows nothing, as with a plugin. */
  trace(section: string): Promise<Trace | undefined>;
}

/** What cannot be known without a running agent. */
export const NO_AGENT = "not known: no agent runs with this configuration";
