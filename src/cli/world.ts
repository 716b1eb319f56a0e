/** What the commands are given: all that they may reach of the machine. Made in main.ts. */

import type { Agent } from "../agent/agent.ts";
import type { Catalogue } from "../config/settings.ts";
import type { ConfigFiles } from "../core/files.ts";
import type { Host } from "../core/host.ts";
import type { Log } from "../core/log.ts";
import type { LogPlan } from "../core/log_plan.ts";
import type { Identity, StartReport } from "../core/process.ts";

export interface World {
  readonly stamp: Stamp;
  readonly catalogue: Catalogue;
  readonly files: ConfigFiles;
  readonly out: Terminal;
  readonly err: Terminal;
  host(roots: RootOptions): Host;
  agent(host: Host, log: Log): Agent;
  openLog(plan: LogPlan, toStdout: boolean): Log & { close(): void };
  readonly daemon: DaemonControl;
}

export interface Stamp {
  readonly version: string;
  readonly commit: string;
  readonly target: string;
  readonly runtime: string;
}

export interface Terminal {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly colours: boolean;
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
  /** Tells the waiting parent, if there is one. */
  report(error: string): Promise<void>;
  /** Throws `config` when another instance runs. `stale`: a dead process that the file named. */
  checkPidFile(path: string): number | undefined;
  takeLock(path: string): Promise<void>;
  writePidFile(path: string, owner: Identity): void;
  removePidFile(path: string): void;
  findIdentity(user: string, group: string): Identity;
  become(identity: Identity): void;
  /** Calls back on each of the signals, until the process ends. */
  onSignal(signals: readonly string[], act: (signal: string) => void): void;
  /** Calls back for errors that nobody caught. */
  onStray(act: (error: unknown) => void): void;
}
