/** What a configuration comes to: typed values, each with the line that it came from. */

import type { AnyCollector, CommonValues } from "../core/collector.ts";
import type { Isolation, PluginLoader, Plugins } from "../ports/plugins.ts";
import type { AnyHandler, DeliveryValues } from "../core/handler.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import type { LogPlan } from "../ports/log_plan.ts";
import type { Options } from "../core/option.ts";
import type { Problem } from "./problems.ts";
import type { ServerValues } from "./server_options.ts";
import type { Origin, Origins } from "./tree.ts";

/** Lazy imports by name, so that only what is enabled is evaluated. */
export interface Catalogue {
  readonly collectors: Readonly<Record<string, () => Promise<{ default: AnyCollector }>>>;
  readonly handlers: Readonly<Record<string, () => Promise<{ default: AnyHandler }>>>;
  /** The collectors by the component that they have in paths. */
  readonly paths?: Readonly<Record<string, string>>;
}

export interface CollectorSettings {
  /** The section: "CPUCollector", or "SNMPCollector router1" for an instance. */
  readonly section: string;
  readonly collector: AnyCollector;
  readonly declared: Options;
  readonly options: CommonValues & Readonly<Record<string, unknown>>;
  readonly origins: Origins;
}

export interface HandlerSettings {
  readonly section: string;
  readonly handler: AnyHandler;
  readonly declared: Options;
  readonly options: DeliveryValues & Readonly<Record<string, unknown>>;
  readonly origins: Origins;
}

/** A collector or handler that the configuration enables and that cannot run. */
export interface LeftOut {
  readonly kind: "collector" | "handler";
  readonly section: string;
  /** With file and line. */
  readonly reason: string;
}

export interface Settings {
  readonly file: string;
  /** Every file that was read. */
  readonly files: readonly string[];
  /** The directories whose files were. */
  readonly directories: readonly string[];
  /** Another one where the text of a file is another. */
  readonly fingerprint: string;
  readonly server: ServerValues;
  readonly serverOrigins: Origins;
  /** The enabled ones. */
  readonly collectors: readonly CollectorSettings[];
  readonly handlers: readonly HandlerSettings[];
  readonly leftOut: readonly LeftOut[];
  /** Sections of collectors that are not enabled, and of handlers that `[server] handlers` does not name. */
  readonly off: { readonly collectors: readonly string[]; readonly handlers: readonly string[] };
  /** Where each section of a collector or handler stands: the line of `enabled`, if there is one. */
  readonly sections: ReadonlyMap<string, Origin>;
  /** Their files, and what is in them. */
  readonly custom: Plugins;
  readonly log: LogPlan;
  readonly problems: readonly Problem[];
}

export interface PluginSource {
  readonly loader: PluginLoader;
  /** Single files, beside those of the configuration. */
  readonly files?: readonly string[];
  /** Instead of those of the configuration. */
  readonly user?: string;
  readonly group?: string;
  readonly isolation?: Isolation;
  /** Milliseconds to wait for collectors to be loaded. */
  readonly patience?: number;
}

export interface ResolveRequest {
  readonly path: string;
  readonly files: ConfigFiles;
  readonly catalogue: Catalogue;
  /** Also resolve collectors and handlers that are not enabled, to find what is wrong with them. */
  readonly everything?: boolean;
  /** Resolve exactly these collectors, enabled or not. */
  readonly only?: readonly string[];
  /** Loads plugins; absent: there are none. */
  readonly custom?: PluginSource;
  /** Classes that are running. Their files stay loaded even if this configuration does not enable them. */
  readonly atWork?: readonly string[];
  /** Collectors that are not in the catalogue: the agent's own. */
  readonly own?: Readonly<Record<string, AnyCollector>>;
}
