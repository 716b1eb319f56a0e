/**
 * Processes of plugins that even a kill does not end, since they wait for a file system that hangs. Another process takes
 * the place of such a one, and the collector that it waits for is left out until the old process is gone.
 */

import type { ChildProcess } from "node:child_process";
import { badData } from "../../core/errors.ts";
import type { RunRequest } from "../../core/plugin_protocol.ts";

type Run = Pick<RunRequest, "section" | "collector">;

const WAITS = "waits in a call that even a kill does not end, such as for a file system that hangs";

export class Stuck {
  readonly #name: string;
  /** By section; those that began first come first. */
  readonly #running = new Map<string, Run & { isLate: boolean }>();
  readonly #left = new Map<string, ChildProcess>();
  /** A process that waits for something unknown. */
  #nameless: ChildProcess | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Throws where a run would wait again. */
  check(section: string): void {
    const child = this.#left.get(section);
    if (child === undefined) return;
    if (!isGone(child)) throw badData(`the last run of ${section} ${WAITS}`);
    this.#left.delete(section);
  }

  /** Throws where another process would wait for the same. */
  checkStart(): void {
    if (this.#nameless !== undefined && !isGone(this.#nameless)) {
      throw badData(`the process of ${this.#name} ${WAITS}`);
    }
    this.#nameless = undefined;
  }

  began(run: Run): void {
    if (this.#running.get(run.section)?.isLate) return;
    this.#running.set(run.section, { ...run, isLate: false });
  }

  /** Late: the agent waits no longer, but the process may, and only a run that is done shows that it does not. */
  ended(section: string, how: "done" | "failed" | "late"): void {
    const run = this.#running.get(section);
    if (run === undefined) return;
    if (how === "late") run.isLate = true;
    else if (how === "done" || !run.isLate) this.#running.delete(section);
  }

  /** Another process has been started. */
  restarted(): void {
    this.#running.clear();
  }

  /** A process that was killed does not end. `at`: the collector that it began last. */
  abandoned(child: ChildProcess, at: string): void {
    const all = [...this.#running.values()];
    const culprit = all.find(({ collector }) => collector === at) ??
      all.find(({ isLate }) => isLate) ?? all[0];
    if (culprit === undefined) this.#nameless = child;
    else this.#left.set(culprit.section, child);
  }
}

function isGone({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
