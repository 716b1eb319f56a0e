/** What `top` asks the agent for, by its control socket: as much as the screen shows. */

import type { RangeAnswer } from "../../agent/range.ts";
import type { SeriesAnswer } from "../../agent/series.ts";
import type { Status } from "../../agent/status.ts";
import { configError, messageOf } from "../../core/errors.ts";
import type { ControlRequest } from "../../ports/process.ts";
import type { Explanation } from "../../view/explanation.ts";
import { overview, type Panel } from "../../view/overview.ts";
import type { ExplainedRow, TopModel } from "../../view/top/model.ts";
import { Samples } from "../../view/top/samples.ts";
import type { TopState } from "../../view/top/state.ts";

type Ask = (request: ControlRequest) => Promise<unknown>;

/** What it has to find out, besides the status. */
interface Wanted {
  readonly state: TopState;
  /** Seconds since the epoch. */
  readonly now: number;
  /** The table of metrics is on the screen. */
  readonly hasMetrics: boolean;
}

/** Until series that are new come into the charts, in seconds. */
const PANELS_SECONDS = 60;
/** More columns than a chart has. */
const POINTS = 400;
/** Between two looks at the CPU time, in milliseconds. */
const CPU_MS = 4000;
const OLDER = "the running agent is older than this command: restart it";
const NO_SERIES: SeriesAnswer = { total: 0, series: [] };

export class Feed {
  readonly #ask: Ask;
  readonly #live = new Samples();
  #panels: readonly Panel[] = [];
  #panelsAt = -Infinity;
  #hasHistory = false;
  /** What the charts were filled with from the history: the span, the time, the panels. */
  #filled = "";
  #past = new Samples();
  #cpu: { readonly started: number; readonly at: number; readonly cpu: number } | undefined;
  #cpuPercent = NaN;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Throws where the agent does not answer. */
  async model({ state, now, hasMetrics }: Wanted): Promise<TopModel> {
    const status = await this.#ask({ ask: "status" }) as Status;
    if (status.cpu === undefined) throw configError(OLDER);
    this.#watchCpu(status);
    if (now - this.#panelsAt >= PANELS_SECONDS) await this.#findPanels(now);
    const end = state.at ?? now;
    if (state.at === undefined) await this.#addCurrent();
    await this.#fill(state, end);
    const metrics = hasMetrics ? await this.#metrics(state) : await this.#count(state);
    return {
      status,
      cpuPercent: this.#cpuPercent,
      metrics,
      panels: this.#panels,
      samples: state.at === undefined ? this.#live : this.#past,
      end,
      now,
      hasHistory: this.#hasHistory,
    };
  }

  /** All that is known of a metric, collector or handler, in rows. */
  async explain(path: string): Promise<ExplainedRow[]> {
    try {
      const { verdict, rows } = await this.#ask({ ask: "explain", path }) as Explanation;
      return [
        { label: "", value: verdict },
        ...rows.map(({ label, value, where }) => ({
          label,
          value: where === undefined ? value : `${value}  (${where})`,
        })),
      ];
    } catch (error) {
      return [{ label: "", value: messageOf(error) }];
    }
  }

  /** CPU time between two looks, at first since the agent's start. */
  #watchCpu({ now, started, cpu }: Status): void {
    const isSame = this.#cpu?.started === started;
    const before = isSame ? this.#cpu! : { at: started, cpu: 0 };
    const passed = now - before.at;
    if (isSame && passed < CPU_MS) return;
    if (passed > 0) this.#cpuPercent = (100 * (cpu - before.cpu)) / passed;
    this.#cpu = { started, at: now, cpu };
  }

  async #findPanels(now: number): Promise<void> {
    const { series } = await this.#ask({ ask: "series" }) as SeriesAnswer;
    this.#panels = overview(series.map(({ path }) => path));
    this.#hasHistory = await this.#read(now - 1, now).then(() => true, () => false);
    // A young agent has more to come.
    this.#panelsAt = this.#panels.length === 0 ? -Infinity : now;
  }

  #paths(): string[] {
    return this.#panels.flatMap(({ series }) => series.map(({ path }) => path));
  }

  #read(from: number, to: number): Promise<RangeAnswer> {
    return this.#ask({ ask: "read", paths: this.#paths(), from, to, points: POINTS }) as Promise<
      RangeAnswer
    >;
  }

  async #addCurrent(): Promise<void> {
    const { series } = await this.#ask({ ask: "series", paths: this.#paths() }) as SeriesAnswer;
    for (const { path, time, value } of series) this.#live.add(path, time, value);
  }

  /** Fills the charts from the history where another part of it is shown than before. */
  async #fill({ at, span }: TopState, end: number): Promise<void> {
    const key = JSON.stringify([at, span, this.#paths()]);
    if (!this.#hasHistory || key === this.#filled) return;
    const range = await this.#read(end - span, end);
    if (at === undefined) this.#live.addRange(range);
    else {
      this.#past = new Samples();
      this.#past.addRange(range);
    }
    this.#filled = key;
  }

  /** A pattern that is being typed may not be one yet. */
  async #metrics({ at, panes }: TopState, limit?: number): Promise<SeriesAnswer> {
    const match = panes.metrics.filter;
    try {
      return await this.#ask({ ask: "series", match, at, limit }) as SeriesAnswer;
    } catch (error) {
      if (match === "") throw error;
      return NO_SERIES;
    }
  }

  #count(state: TopState): Promise<SeriesAnswer> {
    return this.#metrics({ ...state, at: undefined }, 0);
  }
}
