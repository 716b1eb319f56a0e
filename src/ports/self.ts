/** The agent's own process. */

export interface Self {
  readonly pid: number;
  /** Resident bytes. */
  rss(): number;
  /** Microseconds of CPU time since the start. */
  cpu(): number;
  /** Collects garbage, and returns pages to the system that can be read again from the program's file. */
  reclaim(): void;
  /** Also discards JIT code. Recompiling it takes minutes, because the agent runs 2 ms per second. */
  dropCompiledCode(): void;
}
