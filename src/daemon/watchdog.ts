/** Keeps a service manager informed: that the agent runs, reloads, stops, and that data flows. */

import type { Agent } from "../agent/agent_contract.ts";
import { createLiveness } from "../agent/liveness.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Notifier } from "../ports/process.ts";

export interface Supervised {
  ready(): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
}

const UNSUPERVISED: Supervised = {
  ready: () => Promise.resolve(),
  reloading: () => Promise.resolve(),
  stopping: () => Promise.resolve(),
};

/** Of `WATCHDOG_USEC`, as sd_watchdog_enabled(3) asks for, with some room. */
const PART = 0.4;

export function watchdog(
  manager: Notifier | undefined,
  agent: Agent,
  clock: Clock,
  log: Log,
): Supervised {
  if (manager === undefined) return UNSUPERVISED;
  const liveness = createLiveness();
  const stopped = new AbortController();
  let isReady = false;

  async function watch(ms: number): Promise<void> {
    let logged: string | undefined;
    while (!stopped.signal.aborted) {
      await clock.sleep(ms, stopped.signal);
      const why = liveness.stalled(agent.state(), clock.monotonic());
      if (stopped.signal.aborted) return;
      if (why === undefined) await manager!.tell("WATCHDOG=1", `STATUS=${state(agent)}`);
      else if (why !== logged) log.error(`The watchdog will restart the agent: ${why}`);
      logged = why;
    }
  }

  return {
    async ready() {
      await manager.tell("READY=1", `STATUS=${state(agent)}`);
      if (!isReady && manager.watchdog > 0) void watch(manager.watchdog * PART);
      isReady = true;
    },
    reloading: () => manager.tell("RELOADING=1"),
    stopping() {
      stopped.abort();
      return manager.tell("STOPPING=1", "STATUS=The last flush");
    },
  };
}

/** One line for `systemctl status`. */
function state(agent: Agent): string {
  const { collectors, handlers, degraded } = agent.status();
  const running = collectors.filter(({ interval }) => interval > 0).length;
  const waiting = handlers.reduce((sum, { queued, spooled }) => sum + queued + spooled, 0);
  const delivered = handlers.reduce((sum, handler) => sum + handler.delivered, 0);
  const health = degraded.length === 0 ? "healthy" : degraded.join(", ");
  return `${running} collectors, ${delivered} points delivered, ${waiting} wait; ${health}`;
}
