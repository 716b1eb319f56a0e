/** Numbers that other programs leave in files. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { bool, text } from "../../core/option.ts";

const LINE = /^([A-Za-z0-9._-]+)[\s=:]+(-?\d+)(\.?\d*)/;

export default defineCollector({
  name: "FilesCollector",
  doc: "Lines `name value` of the files in a folder",
  path: ".",
  sources: ["/tmp/diamond/*"],
  systems: everySystem,
  options: {
    dir: text("/tmp/diamond", "The folder"),
    delete: bool(false, "Remove a file once something was read from it"),
  },
  metrics: { "{name}": gauge("A line of a file") },

  collect({ host: { fs }, options, emit }) {
    for (const name of fs.list(options.dir).sort()) {
      const path = `${options.dir}/${name}`;
      const text = fs.stat(path)?.isFile ? fs.tryRead(path)?.text() : undefined;
      let found = false;
      for (const line of text?.split("\n") ?? []) {
        const [, key, whole, fraction] = LINE.exec(line) ?? [];
        if (key === undefined) continue;
        found = true;
        const precision = Math.max(0, fraction.length - 1);
        emit("{name}", Number(whole + fraction), key, { precision });
      }
      if (found && options.delete) fs.remove(path);
    }
  },
});
