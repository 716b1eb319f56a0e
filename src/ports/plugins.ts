/** Collectors and handlers of the operator's own: what is asked for, and what was found. */

import type { AnyCollector } from "../core/collector.ts";
import type { AnyHandler } from "../core/handler.ts";
import type { PlainConfig } from "../core/plugin_protocol.ts";
import type { Log } from "./log.ts";

/** `process`: collectors run in a process of their own; `none`: in the agent. */
export type Isolation = "process" | "none";

export interface PluginRequest {
  readonly collectorsPath: readonly string[];
  readonly handlersPath: readonly string[];
  /** Single files, beside the paths. */
  readonly files?: readonly string[];
  readonly isolation: Isolation;
  /** The same of handlers. */
  readonly handlersIsolation: Isolation;
  /** Classes of handlers that the configuration names and that are not the agent's own. */
  readonly wantedHandlers: readonly string[];
  /** The Python that runs those in Python; empty: one of PATH; `none`: they are not run. */
  readonly python: string;
  /** The collectors that the configuration has enabled: those in Python are only loaded then. */
  readonly wanted: readonly string[];
  /** For collectors in Python, which may read it themselves. */
  readonly config: PlainConfig;
  /** Milliseconds to wait for collectors to be loaded; what is not by then comes later. Absent: as long as it takes. */
  readonly patience?: number;
  /** Whether the agent itself has a collector: see `isDiamonds`. */
  isOurs(name: string): boolean;
  /** Of the process of their own: bytes, and percent of one processor over a minute. */
  readonly maxMemory: number;
  readonly maxCpu: number;
  /** Where the host's /proc and the like are, by the configuration. */
  readonly roots: Readonly<Record<"procfs" | "sysfs" | "rootfs", string>>;
  /** Whom the agent will run as; empty: who it is now. */
  readonly user: string;
  readonly group: string;
}

export interface PluginFile {
  readonly path: string;
  /** The collectors or handlers that are in it. */
  readonly names: readonly string[];
  /** Why it cannot be used. */
  readonly problem?: string;
  /** Its file system does not answer. */
  readonly isSilent?: boolean;
  /** What is to be known of it otherwise. */
  readonly note?: string;
  /** An older version of it runs on. */
  readonly keptOld?: boolean;
}

export interface Plugins {
  readonly collectors: Readonly<Record<string, AnyCollector>>;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  readonly files: readonly PluginFile[];
  /** The folders that were looked through, for whoever watches them. */
  readonly folders: readonly string[];
  /** Resolves when collectors that are still being loaded are there; absent where all are. */
  readonly pending?: Promise<unknown>;
}

/** The resources that a plugin process uses. */
export interface PluginProcessFigures {
  readonly name: string;
  /** Resident bytes; undefined while the process is not running. */
  readonly rss: number | undefined;
  /** CPU time in seconds, over all restarts. */
  readonly cpuSeconds: number;
  readonly restarts: number;
}

export interface PluginLoader {
  /** Finds and loads plugins. Unchanged ones stay the same object. Problems of a file are reported in `files`. */
  load(request: PluginRequest): Promise<Plugins>;
  /** Sets the log for the output of plugins. */
  logTo(log: Log): void;
  figures(): readonly PluginProcessFigures[];
  close(): Promise<void>;
}

/** Of the files that came with Diamond: the agent's own collectors stand for theirs. */
export function isDiamonds(path: string): boolean {
  return /\/share\/diamond\/collectors\//.test(path);
}

export const NO_PLUGINS: Plugins = { collectors: {}, handlers: {}, files: [], folders: [] };
