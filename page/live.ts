/** The stream of new points and of the status, kept open while the page is seen. */

import { addressOf, type Status } from "./api.ts";
import { createStore, type Store } from "./store.ts";

/** `lost`: since then, in milliseconds. `paused`: the page is not seen. */
export type Connection =
  | { readonly state: "connecting" | "live" | "paused" }
  | { readonly state: "lost"; readonly since: number };

export interface Points {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly values: Readonly<Record<string, number>>;
}

export interface Live {
  readonly connection: Store<Connection>;
  /** Changes the series that are streamed. */
  want(paths: readonly string[]): void;
}

interface Listeners {
  points(points: Points): void;
  status(status: Status): void;
  /** After a loss or a pause: what came meanwhile has to be read. */
  returned(): void;
}

const INITIAL_RETRY_MS = 1000;
const MAX_RETRY_MS = 15_000;
const HIDDEN_MS = 30_000;
/** A stream that was silent for so long may be dead without a word, as after a computer's sleep. */
const SILENT_MS = 60_000;
const LOOK_MS = 15_000;
/** Series of one stream: the address has to stay short. */
const MAX_PATHS = 150;
const MAX_ADDRESS = 7000;

export function createLive(listeners: Listeners): Live {
  const connection = createStore<Connection>({ state: "connecting" });
  let paths: readonly string[] = [];
  let source: EventSource | undefined;
  let retryMs = INITIAL_RETRY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hidden: ReturnType<typeof setTimeout> | undefined;
  let hasMissed = false;
  let heardAt = Date.now();

  function open(): void {
    close();
    heardAt = Date.now();
    const opened = source = new EventSource(addressOf("events", { path: fitting(paths) }));
    opened.onopen = () => {
      retryMs = INITIAL_RETRY_MS;
      connection.set({ state: "live" });
      if (hasMissed) listeners.returned();
      hasMissed = false;
    };
    opened.onerror = () => {
      close();
      lost();
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
    };
    const hear = (name: string, take: (value: never) => void) =>
      opened.addEventListener(name, ({ data }) => {
        heardAt = Date.now();
        take(JSON.parse(data) as never);
      });
    hear("points", listeners.points);
    hear("status", listeners.status);
  }

  function close(): void {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function lost(): void {
    hasMissed = true;
    const current = connection.get();
    if (current.state !== "lost") connection.set({ state: "lost", since: Date.now() });
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.visibilityState === "hidden") {
      hidden = setTimeout(() => {
        close();
        hasMissed = true;
        connection.set({ state: "paused" });
      }, HIDDEN_MS);
    } else if (source === undefined) open();
  });
  setInterval(() => {
    if (source === undefined || Date.now() - heardAt < SILENT_MS) return;
    hasMissed = true;
    open();
  }, LOOK_MS);
  addEventListener("online", () => source === undefined && open());
  addEventListener("pagehide", close);

  return {
    connection,
    want(next) {
      if (source !== undefined && next.join() === paths.join()) return;
      paths = next;
      if (connection.get().state === "paused") return;
      clearTimeout(timer);
      // Panels come one after the other: one stream for all of them.
      timer = setTimeout(open, 0);
    },
  };
}

function fitting(paths: readonly string[]): readonly string[] {
  let length = 0;
  return paths.slice(0, MAX_PATHS).filter((path) =>
    (length += encodeURIComponent(path).length + 6) < MAX_ADDRESS
  );
}
