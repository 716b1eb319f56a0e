/** Sizes and ages of folders, with all that is below them; links are followed. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { named, text } from "../../core/option.ts";
import { each } from "../../protocols/each.ts";

const MIB = 1_048_576;
const DAY_MS = 86_400_000;

export default defineCollector({
  name: "DirStatsCollector",
  doc: "Sizes of folders, how many files they have, and how long they have not changed",
  path: "dirstats",
  sources: ["stat(2)"],
  systems: everySystem,
  options: {
    dirs: named(text("", "A folder"), "Folders by their names in metrics: logs = /var/log"),
  },
  metrics: {
    "{name}.size.current": gauge("What the files take on the disk", 0, "MiB"),
    "{name}.size.allocated": gauge("How long the files are, all together", 0, "MiB"),
    "{name}.subdirs": gauge("Folders in it, at any depth"),
    "{name}.files": gauge("Files in it, at any depth"),
    "{name}.days_unmodified": gauge("Days since one of the files was changed", 0, "days"),
  },

  async collect(context) {
    const { host, options: { dirs }, emit, skipLine } = context;
    if (dirs.size === 0) throw noData("there is no section [[[dirs]]]: nothing to look at");
    await each([...dirs], ([, folder]) => folder, async ([name, folder]) => {
      const tree = await host.probe.tree(folder, context);
      for (const source of tree.unread) skipLine({ source, line: () => undefined });
      emit("{name}.size.current", Math.floor(tree.allocated / MIB), name);
      emit("{name}.size.allocated", Math.floor(tree.bytes / MIB), name);
      emit("{name}.subdirs", tree.folders, name);
      emit("{name}.files", tree.files, name);
      if (tree.newest === null) return;
      const age = host.clock.now() - tree.newest;
      emit("{name}.days_unmodified", Math.trunc(age / DAY_MS), name);
    });
  },
});
