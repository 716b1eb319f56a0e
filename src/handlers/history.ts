/** Metrics into the local history, which the page, `top` and `explain` read. */

import { defineHandler } from "../core/handler.ts";
import { number, size, text } from "../core/option.ts";

const DAY = 86_400;

export default defineHandler({
  name: "HistoryHandler",
  doc: "Keeps metrics on this host for its page, top and explain: under 2 bytes a point",
  receipt: "application",
  options: {
    path: text("/var/lib/diamond/history.db", "The file"),
    max_bytes: size(67_108_864, "Size of the file; the oldest points go first", { min: 1_048_576 }),
    max_days: number(30, "Days that points are kept", { min: 0.1 }),
  },

  open({ host, options, log }) {
    const settings = {
      path: options.path,
      maxBytes: options.max_bytes,
      maxAge: options.max_days * DAY,
    };
    let opening: ReturnType<typeof host.histories.open> | undefined;
    const opened = () =>
      opening ??= host.histories.open(settings, log).catch((error) => {
        // A file that cannot be opened now may be openable at the next try.
        opening = undefined;
        throw error;
      });
    // Its views want to read before there is anything to write. The first write reports an error.
    opened().catch(() => {});
    return {
      async write(batch) {
        const { history } = await opened();
        history.write(batch);
      },
      async [Symbol.asyncDispose]() {
        (await opening?.catch(() => undefined))?.[Symbol.dispose]();
      },
    };
  },
});
