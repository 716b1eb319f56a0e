/** What the routes of the page answer from. */

import type { Agent } from "../agent/agent_contract.ts";
import type { Clock } from "../ports/clock.ts";
import type { History } from "../ports/history.ts";

export interface WebContext {
  readonly agent: Agent;
  readonly clock: Clock;
  /** The history of the host; undefined where none is kept. */
  history(): History | undefined;
  /** The life of a metric, a collector or a handler. */
  explain(path: string): Promise<unknown>;
}
