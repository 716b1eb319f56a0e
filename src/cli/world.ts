/** What the commands are given: all that they may reach of the machine. Made in compose.ts. */

import type { Agent, AgentPorts } from "../agent/agent_contract.ts";
import type { Catalogue } from "../config/settings.ts";
import type { PluginLoader } from "../ports/plugins.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import type { Host, RecordedHost } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { LogPlan } from "../ports/log_plan.ts";
import type {
  ControlRequest,
  Identity,
  Kernel,
  MemoryMode,
  Notifier,
  StartReport,
} from "../ports/process.ts";
import type { Spool, SpoolFolder, Spools, SpoolSummary } from "../ports/spool.ts";
import type { StateStore } from "../agent/state.ts";

export interface World {
  readonly buildInfo: BuildInfo;
  readonly catalogue: Catalogue;
  readonly files: ConfigFiles;
  readonly out: Terminal;
  readonly err: Terminal;
  host(roots: RootOptions): Host;
  /** Collectors and handlers of the operator's own, on a host that is seen like that. */
  custom(roots: RootOptions): PluginLoader;
  agent(ports: Omit<AgentPorts, "random">): Agent;
  openLog(plan: LogPlan, toStdout: boolean): Log & { close(): void };
  /** The folder of the spools, for an agent to work with. */
  spools(folder: SpoolFolder): Spools;
  /** Lists the spools in a folder, even while an agent uses them. Throws if the folder does not exist. */
  listSpools(folder: string): SpoolSummary[];
  /** Opens one of them for reading. Throws `config` if it does not exist. */
  lookIntoSpool(folder: string, handler: string): Spool;
  state(path: string): StateStore & { remove(): void };
  /** The lines of a large file, compressed or not. Throws `config` where it cannot be read. */
  readLines(path: string): {
    readonly lines: AsyncIterable<string>;
    /** Part of it that has been read, 0 to 1. */
    progress(): number;
  };
  /** Throws `config` where there is such a file already, or it cannot be written. */
  writeNewFile(path: string, text: string): void;
  /** The same, with one that is there written over. */
  writeFile(path: string, text: string, mode?: number): void;
  /** Throws `config` where it cannot. */
  removeFile(path: string): void;
  /** All of a file, however large. Throws `config` where it cannot be read. */
  readFile(path: string): Uint8Array;
  /** A file of pieces that are made as they are written; returns its bytes. Throws `config` where it cannot. */
  writePieces(path: string, pieces: Iterable<Uint8Array>): Promise<number>;
  /** For process 1. Throws `config` where this runtime has no way to it. */
  kernel(): Promise<Kernel>;
  /** What starts this very program: its full path, and that of its source where it is not compiled. */
  command(): readonly string[];
  /** This host, with all that is read of it written below `directory/round`. */
  recording(directory: string, round: string, secrets: readonly string[]): Host;
  /** What was recorded there. Throws `config` where there is nothing. */
  recorded(directory: string): RecordedHost;
  readonly daemon: DaemonControl;
}

interface BuildInfo {
  readonly version: string;
  readonly commit: string;
  readonly target: string;
  readonly runtime: string;
  /** One executable, not a runtime with sources. */
  readonly compiled: boolean;
}

export interface Terminal {
  write(text: string): void;
  /** Line width in characters. If the output is not a terminal, it is a width that reads well. */
  readonly columns: number;
  readonly isTerminal: boolean;
  readonly colours: boolean;
}

export interface RootOptions {
  readonly procfs?: string;
  readonly sysfs?: string;
  readonly rootfs?: string;
}

/** Processes: this one, and the one in the background. */
interface DaemonControl {
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
  /** Makes a folder, for that user. Throws where it cannot. */
  makeFolder(path: string, mode: number, owner: Identity): void;
  /** Creates a folder owned by that user. Throws on failure. */
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
  /** Applies the runtime settings for that mode. This may re-execute the program in the same process. */
  tune(mode: MemoryMode): void;
  /** Calls `act` on each of the signals, until the process ends. */
  onSignal(signals: readonly string[], act: (signal: string) => void): void;
  /** Calls `act` for uncaught errors. */
  onStray(act: (error: unknown) => void): void;
}
