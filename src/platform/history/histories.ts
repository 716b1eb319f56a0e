/** The histories that are open, by path: the handler that writes one and the views that read it share it. */

import { resolve } from "node:path";
import type { Histories, History, HistorySettings } from "../../ports/history.ts";
import type { Log } from "../../ports/log.ts";
import { realClock } from "../clock.ts";
import { farFor } from "../far/far.ts";
import { farHistoryFile } from "./far_history_file.ts";

interface Open {
  readonly history: History;
  users: number;
}

const open = new Map<string, Open>();
const opening = new Set<Promise<unknown>>();

export const realHistories: Histories = {
  open(settings, log) {
    const opened = openShared(settings, log);
    opening.add(opened);
    return opened.finally(() => opening.delete(opened));
  },
  current: () => open.values().next().value?.history,
  async opened() {
    await Promise.allSettled(opening);
  },
};

async function openShared({ path, maxBytes, maxAge }: HistorySettings, log: Log) {
  const file = resolve(path);
  let found = open.get(file);
  if (found === undefined) {
    // SQLite and the codec cost memory, so they are loaded by those who keep a history.
    const [{ createHistory }, { openHistoryFile }] = await Promise.all([
      import("../../history/history.ts"),
      import("./history_file.ts"),
    ]);
    const far = farFor(file);
    const history = createHistory({
      file: far === undefined ? openHistoryFile(file, log) : farHistoryFile(far, file, log),
      maxBytes,
      maxAge,
      now: () => Math.floor(realClock.now() / 1000),
      damaged: ({ from, to }) =>
        log.warn(`A block of the history in "${file}" is damaged: ${to - from} seconds are lost`),
    });
    open.set(file, found = { history, users: 0 });
  }
  const shared = found;
  shared.users++;
  return {
    history: shared.history,
    [Symbol.dispose]() {
      if (--shared.users > 0) return;
      open.delete(file);
      shared.history.close();
    },
  };
}
