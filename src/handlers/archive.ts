/** Metrics into a file, a Graphite line each, put aside by time or size. */

import { codeOf, undelivered } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { Appender } from "../ports/fs.ts";
import { bool, choice, integer, needed, text } from "../core/option.ts";
import { graphiteLines } from "../formats/graphite_line.ts";
import { rotationWords } from "../formats/rotation.ts";

export default defineHandler({
  name: "ArchiveHandler",
  doc: "Writes metrics to a file that is rotated",
  receipt: "application",
  options: {
    log_file: needed(text("", "The file")),
    when: choice(
      "MIDNIGHT",
      rotationWords,
      "When to rotate: a unit of rollover_interval, midnight, or the end of a weekday",
    ),
    rollover_interval: integer(1, "Units of when", { min: 1 }),
    days: integer(7, "Old files to keep; 0: all", { min: 0 }),
    max_bytes: integer(0, "Also rotate before the file is larger than this; 0: never", { min: 0 }),
    gzip: bool(false, "Compress old files"),
    encoding: text("", "Without effect: the file is UTF-8"),
    propagate: bool(false, "Without effect: metrics do not go to the log"),
  },

  open({ host, options }) {
    let file: Appender | undefined;
    const rotation = {
      when: options.when,
      interval: options.rollover_interval,
      keep: options.days,
      maxBytes: options.max_bytes,
      gzip: options.gzip,
      utc: false,
      watch: true,
    };
    const close = () => {
      const open = file;
      file = undefined;
      open?.close();
    };
    return {
      // Not async: a full disk throws, and the file is opened again at the next try.
      write(batch) {
        try {
          file ??= host.fs.append(options.log_file, rotation);
          file.append(graphiteLines(batch));
          return Promise.resolve();
        } catch (error) {
          close();
          // What cannot even be opened says so itself.
          return Promise.reject(
            codeOf(error) === "config"
              ? error
              : undelivered(`cannot write "${options.log_file}"`, error),
          );
        }
      },
      [Symbol.asyncDispose]() {
        close();
        return Promise.resolve();
      },
    };
  },
});
