/** What `top` knows of an agent. */

import type { SeriesAnswer } from "../../agent/series.ts";
import type { Status } from "../../agent/status.ts";
import type { Panel } from "../overview.ts";
import type { Samples } from "./samples.ts";

export interface TopModel {
  readonly status: Status;
  /** CPU time of the agent, of one CPU; NaN where it is not known yet. */
  readonly cpuPercent: number;
  readonly metrics: SeriesAnswer;
  readonly panels: readonly Panel[];
  readonly samples: Samples;
  /** Seconds since the epoch: what is shown, and now. */
  readonly end: number;
  readonly now: number;
  readonly hasHistory: boolean;
  /** Why there is nothing newer; undefined where there is. */
  readonly trouble?: string;
  /** What was found out of the row that is explained; undefined until it is there. */
  readonly explanation?: readonly ExplainedRow[];
}

export interface ExplainedRow {
  readonly label: string;
  readonly value: string;
}
