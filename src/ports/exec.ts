/** Commands of the host: those that end, and those that go on. */

export interface Exec {
  /**
   * Runs a command and waits for its end. Its whole process group is killed when the signal aborts.
   * A non-zero exit is not an error; not being able to start it is (`no-data`).
   */
  run(argv: readonly string[], limits: ExecLimits): Promise<ExecResult>;
  /** Starts a command that goes on until it ends or is stopped, with all that it started. */
  start(argv: readonly string[], listener: CommandListener): RunningCommand;
  /** The same for a command that is also written to. */
  converse(argv: readonly string[], listener: CommandListener): RunningDialogue;
  /** The full path of a program, as the shell would find it, and in /sbin and its like; undefined if there is none. */
  find(program: string): string | undefined;
}

export interface CommandListener {
  /** Each line of its output; one that is very long is cut. */
  line(text: string): void;
  /** What it writes to stderr, as it comes. */
  said(text: string): void;
  /** Once: "ended with 1", "cannot be started: …"; not after `stop`. */
  ended(why: string): void;
}

export interface RunningCommand {
  /** Tells it, and it alone. */
  signal(name: "SIGTERM"): void;
  /** Kills it with all that it started; `ended` is not called. */
  stop(): void;
}

export interface RunningDialogue extends RunningCommand {
  /** Writes to its input, which waits where it reads slowly. */
  send(text: string): void;
}

export interface ExecLimits {
  readonly signal: AbortSignal;
  /** Output over this is cut, and the command killed. Default 16 MB. */
  readonly maxBytes?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** There was more output than allowed, and it was killed for that. */
  readonly cut?: boolean;
}
