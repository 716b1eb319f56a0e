/** `top` in a terminal: draws, waits for a key or for the agent, and draws again. */

import { messageOf } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FullScreen, ScreenEvents } from "../../ports/terminal.ts";
import { decodeKeys } from "../../view/top/keys.ts";
import type { ExplainedRow, TopModel } from "../../view/top/model.ts";
import { columnsOf, hasMetrics, pageOf, screen, shownRows } from "../../view/top/screen.ts";
import { pressed, type TopState } from "../../view/top/state.ts";
import type { Glyphs } from "../../view/top/text.ts";
import { clockText } from "../../view/top/times.ts";
import type { Feed } from "./feed.ts";
import { Painter } from "./paint.ts";

interface Session {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly colours: boolean;
  /** Milliseconds between two questions to the agent. */
  readonly interval: number;
}

interface First {
  readonly model: TopModel;
  readonly state: TopState;
}

/** The rest of a sequence follows within this; otherwise it was the escape key. */
const SEQUENCE_MS = 40;
const MIN_PAUSE_MS = 20;

/** Until the operator quits. `first`: what is shown at first. */
export async function live(
  open: (events: ScreenEvents) => FullScreen,
  session: Session,
  first: First,
): Promise<void> {
  const view = new LiveView(session, first);
  using terminal = open({ typed: (text) => view.typed(text), changed: () => view.drawAgain() });
  await view.run(terminal);
}

class LiveView {
  readonly #session: Session;
  readonly #painter: Painter;
  #model: TopModel;
  #state: TopState;
  #terminal: FullScreen | undefined;
  #isAsking = false;
  #askedAt: number;
  /** Something else is to be shown than what the agent was asked for. */
  #isStale = false;
  /** The beginning of a key's sequence. */
  #rest = "";
  #cancelRest = () => {};
  #wake = () => {};
  #explaining = "";
  #explanation: readonly ExplainedRow[] | undefined;

  constructor(session: Session, { model, state }: First) {
    this.#session = session;
    this.#painter = new Painter(session.colours);
    this.#model = model;
    this.#state = state;
    this.#askedAt = session.clock.monotonic();
  }

  async run(terminal: FullScreen): Promise<void> {
    const { clock, interval, glyphs } = this.#session;
    this.#terminal = terminal;
    while (this.#state.mode !== "quit") {
      const isDue = clock.monotonic() - this.#askedAt >= interval && !this.#state.isPaused;
      if (!this.#isAsking && (isDue || this.#isStale)) void this.#ask(terminal);
      this.#explain();
      const model = { ...this.#model, explanation: this.#explanation };
      terminal.write(this.#painter.draw(screen(model, this.#state, terminal, glyphs)));
      const next = Promise.withResolvers<void>();
      this.#wake = next.resolve;
      const pause = Math.max(MIN_PAUSE_MS, this.#askedAt + interval - clock.monotonic());
      const cancel = clock.after(this.#isAsking ? interval : pause, next.resolve);
      await next.promise;
      cancel();
    }
  }

  typed(text: string): void {
    this.#cancelRest();
    const { keys, rest } = decodeKeys(this.#rest + text);
    this.#rest = rest;
    if (rest !== "") {
      this.#cancelRest = this.#session.clock.after(SEQUENCE_MS, () => {
        this.#rest = "";
        this.#press("escape");
        this.#wake();
      });
    }
    for (const key of keys) this.#press(key);
    this.#wake();
  }

  drawAgain(): void {
    this.#painter.forget();
    this.#wake();
  }

  #press(key: string): void {
    const terminal = this.#terminal;
    if (terminal === undefined) return;
    if (key === "ctrl-l") return this.#painter.forget();
    if (key === "ctrl-z") return terminal.stop();
    const before = this.#state;
    const model = this.#model;
    this.#state = pressed(before, key, {
      rows: shownRows(model, before),
      columns: columnsOf(before.pane),
      page: pageOf(model, terminal),
      end: model.end,
      now: this.#session.clock.now() / 1000,
      hasHistory: model.hasHistory,
    });
    if (questionOf(before) !== questionOf(this.#state)) this.#isStale = true;
  }

  async #ask(terminal: FullScreen): Promise<void> {
    const { feed, clock } = this.#session;
    const state = this.#state;
    this.#isAsking = true;
    this.#isStale = false;
    this.#askedAt = clock.monotonic();
    try {
      const now = clock.now() / 1000;
      this.#model = await feed.model({ state, now, hasMetrics: hasMetrics(state, terminal) });
    } catch (error) {
      const since = clockText(this.#model.now);
      this.#model = { ...this.#model, trouble: `no answer since ${since}: ${messageOf(error)}` };
    }
    this.#isAsking = false;
    this.#wake();
  }

  /** Asks for what is to be explained, once. */
  #explain(): void {
    const { mode, explained } = this.#state;
    const wanted = mode === "explain" ? explained : "";
    if (wanted === this.#explaining) return;
    this.#explaining = wanted;
    this.#explanation = undefined;
    if (wanted === "") return;
    void this.#session.feed.explain(wanted).then((rows) => {
      if (this.#explaining === wanted) this.#explanation = rows;
      this.#wake();
    });
  }
}

/** What the agent is asked for: where it is another, it is asked at once. */
function questionOf({ at, span, pane, panes }: TopState): string {
  return JSON.stringify([at, span, pane, panes.metrics.filter]);
}
