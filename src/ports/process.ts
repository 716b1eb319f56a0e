/** What the command line and the platform tell each other of processes. */

/** `plain`: the runtime as it comes; `low`: less memory for more CPU time. */
export type MemoryMode = "plain" | "normal" | "low";

/** How the start of a process in the background went. */
export interface StartReport {
  /** Empty: it runs. */
  readonly error: string;
  /** What the child had to say meanwhile, for the parent's stderr. */
  readonly messages: readonly string[];
  readonly pid: number;
  /** Where its log goes, for people. */
  readonly log: readonly string[];
}

/** A user and a group to run as. */
export interface Identity {
  /** -1: stays as it is. */
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
}

/** What the agent's own commands ask of one that runs. */
export interface ControlRequest {
  readonly ask: "status" | "hurry" | "drop" | "reload" | "series" | "read" | "tap" | "explain";
  /** For `hurry` and `drop`: whose spool is meant; for `tap`: whose deliveries. */
  readonly handler?: string;
  /** For `series` and `tap`: which, see `core/search.ts`. */
  readonly match?: string;
  /** For `series`: at most so many, and the time in seconds since the epoch; absent: now. */
  readonly limit?: number;
  readonly at?: number;
  /** For `series` and `read`: these series; for `read`: between which seconds, in how many steps at most. */
  readonly paths?: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly points?: number;
  /** For `tap`: which one goes on, whether it ends, and whether it is answered in JSON, a line for each point. */
  readonly tap?: number;
  readonly end?: boolean;
  readonly json?: boolean;
  /** For `explain`: a metric's path, or the name of a collector or handler. */
  readonly path?: string;
}

/** Of `tap`: what to go on with, the points as lines, and how many were lost since the last answer. */
export interface TapAnswer {
  readonly tap: number;
  readonly lines: readonly string[];
  readonly lost: number;
}

export interface ControlAnswer {
  readonly result?: unknown;
  readonly error?: string;
}

/** The service manager that started the agent and monitors it: see sd_notify(3). */
export interface Notifier {
  /** Milliseconds within which `WATCHDOG=1` is expected; 0: never. */
  readonly watchdog: number;
  /** Resolves when the notification was sent, or cannot be. */
  tell(...lines: readonly string[]): Promise<void>;
}

/** What process 1 asks of the kernel. Where a call fails it is false. */
export interface Kernel {
  /** A file system without a device, such as proc. */
  mount(kind: string, folder: string): boolean;
  loadModule(path: string): boolean;
  /** A network device, with an IPv4 address where one is given. */
  bringUp(device: string, address?: string, mask?: string): boolean;
  /** The way to everywhere else. */
  route(gateway: string): boolean;
  setHostname(name: string): void;
  /** Takes note of the end of a process. */
  reap(pid: number): void;
  /** Does not come back, where it works. */
  end(how: "power-off" | "restart"): void;
}
