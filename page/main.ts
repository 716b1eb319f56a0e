/** Puts the page together. */

import { followAddress } from "./address.ts";
import { api, type Outage, RequestError, type Status } from "./api.ts";
import type { App, Part } from "./app.ts";
import { el, setText } from "./dom.ts";
import { createFeed, type Feed } from "./feed.ts";
import { chooseRange } from "./first_range.ts";
import { followKeys } from "./keys.ts";
import { createLive, type Live } from "./live.ts";
import { createAgent } from "./parts/agent.ts";
import { createExplain } from "./parts/explain.ts";
import { createHelp } from "./parts/help.ts";
import { createMetrics } from "./parts/metrics.ts";
import { createOverview } from "./parts/overview.ts";
import { createSearch } from "./parts/search.ts";
import { createTopbar } from "./parts/topbar.ts";
import { addressText, parseAddress, type Place, type ViewName } from "./place.ts";
import { boundsOf, type Range } from "./range.ts";
import { createStore } from "./store.ts";
import { startTheme } from "./theme.ts";

const STATUS_MS = 10_000;
const PARTS: Readonly<Record<ViewName, (app: App) => Part>> = {
  overview: createOverview,
  metrics: createMetrics,
  agent: createAgent,
};

startTheme();
const voice = el("p", { class: "unseen", role: "status", "aria-live": "polite" });
const fault = el("p", { class: "page-fault", role: "alert", hidden: true });
const notice = el("p", { class: "page-notice", role: "status", hidden: true });
const main = el("main", { id: "main", tabindex: -1 });
const { app, takeStatus } = createApp();
const explain = createExplain(app);
const search = createSearch(app);
const help = createHelp();
document.body.append(
  el(
    "a",
    { class: "skip", href: "#main", onclick: (event: Event) => skip(event) },
    "Skip to the charts",
  ),
  createTopbar(app, search.element, () => help.showModal()).element,
  fault,
  notice,
  main,
  explain.element,
  help,
  voice,
);
showViews();
followAddress(app.place, app.range);
followKeys(app, {
  search: search.focus,
  help: () => (help.open ? help.close() : help.showModal()),
  close() {
    const open = help.open ? help : explain.isOpen ? explain : undefined;
    open?.close();
    return open !== undefined;
  },
  isBlocked: () => help.open,
});
if (!location.hash.includes("range=")) chooseRange(app.range, app.now);
// A view without charts has nothing to stream, but wants the status.
app.live.want([]);
askStatus();

function createApp(): { readonly app: App; takeStatus(status: Status): void } {
  const start = parseAddress(location.hash);
  const range = createStore<Range>(start.range);
  const place = createStore<Place>(start.place);
  const status = createStore<Status | undefined>(undefined);
  const outages = createStore<readonly Outage[]>([]);
  const reason = createStore("");
  let ahead = 0;
  const now = () => Date.now() / 1000 + ahead;
  // The stream feeds the charts, and the charts choose what it streams.
  const live: Live = createLive({
    points: (points) => feed.points(points),
    status: takeStatus,
    returned() {
      feed.reload();
      loadOutages();
    },
  });
  const feed: Feed = createFeed({ range, notice: reason, now, want: live.want });
  let states = "";

  function takeStatus(next: Status): void {
    ahead = (next.now - Date.now()) / 1000;
    const before = states;
    states = next.handlers.map(({ state }) => state).join();
    status.set(next);
    // One that ends is known by its time only after the next interval.
    const isOpen = outages.get().some(({ to }) => to === null);
    if (isOpen || before !== states) loadOutages();
  }

  /** Charts are drawn without them where the agent does not answer. */
  async function loadOutages(): Promise<void> {
    const { from, to } = boundsOf(range.get(), now());
    outages.set(await api.outages(from, to).catch(() => []));
  }

  range.follow(loadOutages);
  status.follow(() => fault.hidden = true);
  reason.follow((text) => {
    notice.hidden = text === "";
    setText(notice, text);
  });
  const created: App = {
    ...{ range, place, status, outages, live, feed, now },
    explain: (path) => explain.show(path),
    chart(paths) {
      explain.close();
      place.set({ view: "metrics", paths });
    },
    say: (text) => setText(voice, text),
  };
  return { app: created, takeStatus };
}

function showViews(): void {
  let shown: { readonly view: ViewName; readonly part: Part } | undefined;
  const update = () => {
    const { view } = app.place.get();
    if (shown?.view === view) return;
    shown?.part.destroy?.();
    shown = { view, part: PARTS[view](app) };
    main.replaceChildren(shown.part.element);
    scrollTo(0, 0);
  };
  app.place.follow(update);
  update();
}

/** The stream brings the status too; this is for the time before it, and for when it is gone. */
async function askStatus(): Promise<void> {
  try {
    if (app.live.connection.get().state !== "live" || app.status.get() === undefined) {
      takeStatus(await api.status());
    }
  } catch (error) {
    if (error instanceof RequestError) {
      fault.hidden = false;
      setText(fault, `The agent answers ${error.status}: ${error.message}`);
    }
  }
  setTimeout(askStatus, STATUS_MS);
}

/** The address keeps the view: an anchor would replace it. */
function skip(event: Event): void {
  event.preventDefault();
  main.focus();
  history.replaceState(null, "", addressText(app.place.get(), app.range.get()));
}
