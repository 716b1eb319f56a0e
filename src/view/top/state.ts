/** What the operator has chosen to see, and how each key changes it. */

export const PANES = ["handlers", "collectors", "metrics"] as const;
export type Pane = typeof PANES[number];

export interface PaneState {
  /** The column that it is sorted by, and whether the other way round. */
  readonly sort: number;
  readonly isReversed: boolean;
  readonly filter: string;
  /** The chosen row. */
  readonly cursor: number;
  /** The name of the row that the cursor stays with; undefined: it stays at its place. */
  readonly followed: string | undefined;
}

export interface TopState {
  readonly pane: Pane;
  readonly panes: Readonly<Record<Pane, PaneState>>;
  /** `filter`: keys go to the filter. `text`: help or an explanation is shown. */
  readonly mode: "table" | "filter" | "help" | "explain" | "quit";
  /** The row that is explained, and how far its text is scrolled. */
  readonly explained: string;
  readonly scroll: number;
  readonly isPaused: boolean;
  /** Seconds since the epoch that are shown; undefined: now. */
  readonly at: number | undefined;
  /** Seconds in the charts. */
  readonly span: number;
}

/** What keys act on. */
interface Shown {
  /** The names of the rows of the pane in their order. */
  readonly rows: readonly string[];
  /** Columns that it can be sorted by. */
  readonly columns: number;
  /** Rows that fit on the screen. */
  readonly page: number;
  /** Seconds since the epoch of what is shown. */
  readonly end: number;
  readonly now: number;
  readonly hasHistory: boolean;
}

/** Sorted by state, so that what is wrong comes first. */
const PANE: PaneState = {
  sort: 1,
  isReversed: false,
  filter: "",
  cursor: 0,
  followed: undefined,
};

const SPANS = [60, 300, 600, 1800, 3600, 6 * 3600, 86_400, 7 * 86_400];
const DEFAULT_SPAN = 600;
/** One step through time is this part of the span. */
const STEPS = 10;
const MAX_FILTER = 200;

export function initialState(
  { at, filter = "" }: { readonly at?: number; readonly filter?: string },
): TopState {
  return {
    pane: filter === "" ? "handlers" : "metrics",
    panes: { handlers: PANE, collectors: PANE, metrics: { ...PANE, sort: 0, filter } },
    mode: "table",
    explained: "",
    scroll: 0,
    isPaused: false,
    at,
    span: DEFAULT_SPAN,
  };
}

/** The place of the cursor among the rows that there are now. */
export function cursorIn({ cursor, followed }: PaneState, rows: readonly string[]): number {
  const place = followed === undefined ? -1 : rows.indexOf(followed);
  return place >= 0 ? place : Math.max(0, Math.min(cursor, rows.length - 1));
}

export function pressed(state: TopState, key: string, shown: Shown): TopState {
  if (key === "ctrl-c") return { ...state, mode: "quit" };
  if (state.mode === "filter") return editFilter(state, key);
  if (state.mode === "help" || state.mode === "explain") return readText(state, key, shown);
  return inTable(state, key, shown);
}

function readText(state: TopState, key: string, { page }: Shown): TopState {
  const by = moves(page)[key];
  if (by !== undefined) return { ...state, scroll: Math.max(0, Math.min(9999, state.scroll + by)) };
  if (key === "q" && state.mode === "help") return { ...state, mode: "quit" };
  const isClosing = ["escape", "enter", "q", "?", "left", "backspace"].includes(key);
  return isClosing ? { ...state, mode: "table", scroll: 0 } : state;
}

function editFilter(state: TopState, key: string): TopState {
  const { filter } = state.panes[state.pane];
  if (key === "enter" || key === "tab" || key === "down") return { ...state, mode: "table" };
  if (key === "escape") return withPane({ ...state, mode: "table" }, { filter: "", cursor: 0 });
  if (key === "backspace") {
    return withPane(state, { filter: [...filter].slice(0, -1).join(""), cursor: 0 });
  }
  if (key === "ctrl-u") return withPane(state, { filter: "", cursor: 0 });
  if ([...key].length > 1 || filter.length >= MAX_FILTER) return state;
  return withPane(state, { filter: filter + key, cursor: 0 });
}

function withPane(state: TopState, change: Partial<PaneState>): TopState {
  const { pane, panes } = state;
  return { ...state, panes: { ...panes, [pane]: { ...panes[pane], ...change } } };
}

/** How far a key moves. */
function moves(page: number): Readonly<Record<string, number>> {
  return {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    pagedown: page,
    home: -Infinity,
    g: -Infinity,
    end: Infinity,
    G: Infinity,
  };
}

function inTable(state: TopState, key: string, shown: Shown): TopState {
  const by = moves(shown.page)[key];
  if (by !== undefined) return moved(state, by, shown);
  const act = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  return act === undefined ? state : act(state, shown);
}

function moved(state: TopState, by: number, { rows }: Shown): TopState {
  const pane = state.panes[state.pane];
  const last = Math.max(0, rows.length - 1);
  const cursor = Math.max(0, Math.min(last, cursorIn(pane, rows) + by));
  return withPane(state, {
    cursor,
    followed: pane.followed === undefined ? undefined : rows[cursor],
  });
}

type Act = (state: TopState, shown: Shown) => TopState;

const KEYS: Readonly<Record<string, Act>> = {
  q: (state) => ({ ...state, mode: "quit" }),
  "?": (state) => ({ ...state, mode: "help", scroll: 0 }),
  h: (state) => ({ ...state, mode: "help", scroll: 0 }),
  tab: (state) => turn(state, 1),
  backtab: (state) => turn(state, -1),
  1: (state) => ({ ...state, pane: "handlers" }),
  2: (state) => ({ ...state, pane: "collectors" }),
  3: (state) => ({ ...state, pane: "metrics" }),
  "/": (state) => ({ ...state, mode: "filter" }),
  escape: (state) => withPane(state, { filter: "", cursor: 0, followed: undefined }),
  s: (state, { columns }) => {
    const { sort } = state.panes[state.pane];
    return withPane(state, { sort: (sort + 1) % columns, isReversed: false });
  },
  S: (state) => withPane(state, { isReversed: !state.panes[state.pane].isReversed }),
  r: (state) => withPane(state, { isReversed: !state.panes[state.pane].isReversed }),
  f: follow,
  p: pause,
  " ": pause,
  n: (state) => ({ ...state, at: undefined, isPaused: false }),
  left: (state, shown) => stepped(state, -1, shown),
  right: (state, shown) => stepped(state, 1, shown),
  "[": (state, shown) => stepped(state, -STEPS, shown),
  "]": (state, shown) => stepped(state, STEPS, shown),
  "+": (state) => zoomed(state, -1),
  "=": (state) => zoomed(state, -1),
  "-": (state) => zoomed(state, 1),
  enter: (state, { rows }) => {
    const explained = rows[cursorIn(state.panes[state.pane], rows)];
    return explained === undefined ? state : { ...state, mode: "explain", explained, scroll: 0 };
  },
};

function turn(state: TopState, by: number): TopState {
  const at = PANES.indexOf(state.pane) + by;
  return { ...state, pane: PANES[(at + PANES.length) % PANES.length] };
}

function follow(state: TopState, { rows }: Shown): TopState {
  const pane = state.panes[state.pane];
  const cursor = cursorIn(pane, rows);
  return withPane(state, {
    cursor,
    followed: pane.followed === undefined ? rows[cursor] : undefined,
  });
}

function pause(state: TopState): TopState {
  return state.at === undefined ? { ...state, isPaused: !state.isPaused } : state;
}

/** Past the last second it is now again. */
function stepped(state: TopState, by: number, { end, now, hasHistory }: Shown): TopState {
  if (!hasHistory) return state;
  const step = state.span / STEPS;
  const at = (state.at ?? end) + by * step;
  return at >= now - step / 2
    ? { ...state, at: undefined, isPaused: false }
    : { ...state, at: Math.round(at), isPaused: false };
}

function zoomed(state: TopState, by: number): TopState {
  const at = SPANS.indexOf(state.span) + by;
  return { ...state, span: SPANS[Math.max(0, Math.min(SPANS.length - 1, at))] };
}
