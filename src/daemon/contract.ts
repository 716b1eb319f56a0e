/** What the daemon is given: by the machine, and by whoever starts it. */

import type { Agent, AgentPorts } from "../agent/agent_contract.ts";
import type { StateStore } from "../agent/state.ts";
import type { Catalogue, Settings } from "../config/settings.ts";
import type { Host } from "../ports/host.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import type { Log } from "../ports/log.ts";
import type { LogPlan } from "../ports/log_plan.ts";
import type { PluginLoader } from "../ports/plugins.ts";
import type {
  ControlRequest,
  Identity,
  MemoryMode,
  Notifier,
  StartReport,
} from "../ports/process.ts";
import type { SpoolFolder, Spools } from "../ports/spool.ts";
import type { TracedHost } from "../ports/trace.ts";

export interface DaemonPorts {
  readonly buildInfo: { readonly version: string };
  readonly catalogue: Catalogue;
  readonly files: ConfigFiles;
  host(roots: RootOptions): Host;
  /** The same host, with what is read of it remembered. */
  trace(host: Host): Promise<TracedHost>;
  /** Collectors and handlers of the operator's own, on a host that is seen like that. */
  custom(roots: RootOptions): PluginLoader;
  agent(ports: Omit<AgentPorts, "random">): Agent;
  openLog(
    plan: LogPlan,
    toStdout: boolean,
  ): Log & { problem?(): string | undefined; close(): void };
  /** The folder of the spools, for an agent to work with. */
  spools(folder: SpoolFolder): Spools;
  state(path: string): StateStore & { remove(): void };
  readonly daemon: DaemonControl;
}

export interface DaemonOptions {
  /** The configuration, as an absolute path. */
  readonly path: string;
  /** Instead of `[server]`'s. */
  readonly user?: string;
  readonly group?: string;
  /** The user stays, also where another one is named. */
  readonly keepsUser: boolean;
  /** What becomes of the pid file: none is looked for, one is looked for but not written, or both. */
  readonly pidFile: "none" | "check" | "write";
  /** It stays in the terminal that it was started from. */
  readonly isAttached: boolean;
  readonly logsToStdout: boolean;
  /** Where the page is served, instead of where the configuration says. */
  readonly page?: string;
  /** Logs everything, and checks the ledgers after each tick. */
  readonly debug: boolean;
  /** Where /proc and the like are; without the settings: as far as it is known before them. */
  roots(server?: Required<RootOptions>): RootOptions;
  readonly places: Places;
}

/** Paths that belong to an agent of these settings; undefined where it is to do without. */
interface Places {
  pidFile(settings: Settings): string;
  socket(settings: Settings): string | undefined;
  state(settings: Settings): string | undefined;
  spool(settings: Settings): string | undefined;
}

export interface RootOptions {
  readonly procfs?: string;
  readonly sysfs?: string;
  readonly rootfs?: string;
}

/** Processes: this one, and the one in the background. */
export interface DaemonControl {
  readonly isChild: boolean;
  /** Starts this very command in the background; resolves when it runs or has failed. */
  start(args: readonly string[]): Promise<StartReport>;
  /** Reports to the waiting parent, if there is one. */
  report(error: string, log?: readonly string[]): Promise<void>;
  /** Prints a line on the terminal that the agent was started from. */
  complain(message: string): void;
  /** Throws `config` when another instance runs. Else it removes the file, and returns what it named. */
  checkPidFile(path: string, isLocked: boolean): string | undefined;
  /** Throws `config` when another instance has it; false where the system has no such locks. */
  takeLock(path: string): Promise<boolean>;
  writePidFile(path: string, owner: Identity): void;
  removePidFile(path: string): void;
  findIdentity(user: string, group: string): Identity;
  become(identity: Identity): void;
  /** Creates a folder owned by that user. Throws on failure. */
  makeFolder(path: string, mode: number, owner: Identity): void;
  /** Holds the folder for as long as this process lives. False if another process has it. */
  lockFolder(path: string): Promise<boolean>;
  /** Answers the agent's own commands at a path; returns what ends that. Throws where it cannot. */
  serve(
    path: string,
    owner: Identity,
    answer: (request: ControlRequest) => unknown,
  ): Promise<() => void>;
  /** Asks the agent that answers at a path. Throws `undelivered` where none does. */
  ask(path: string, request: ControlRequest): Promise<unknown>;
  /** Undefined if the agent was not started by a service manager. */
  serviceManager(): Notifier | undefined;
  /**
   * Applies the runtime settings for that mode, which may re-execute the program in the same process, and collects
   * what reading the configuration has left.
   */
  tune(mode: MemoryMode): void;
  /** Calls `act` on each of the signals, until the process ends. */
  onSignal(signals: readonly string[], act: (signal: string) => void): void;
  /** Signals this process to stop when its stdin ends. */
  stopWithStdin(): void;
  /** Calls `act` for uncaught errors. */
  onStray(act: (error: unknown) => void): void;
}
