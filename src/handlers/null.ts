/** Takes everything and keeps nothing: to see what a configuration would send. */

import { defineHandler } from "../core/handler.ts";
import { graphiteLine } from "../formats/graphite_line.ts";

export default defineHandler({
  name: "NullHandler",
  doc: "Discards metrics; with the log's level at DEBUG it shows them",
  receipt: "application",
  options: {},

  open({ log }) {
    return {
      write(batch) {
        for (const metric of batch) {
          log.debug(`Metric: ${graphiteLine(metric).trimEnd().replaceAll(" ", "\t")}`);
        }
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});
