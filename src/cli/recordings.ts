/** What `record` and `test` have in common: one collector, run in this process, on a host of theirs. */

import type { CollectorSettings } from "../config/settings.ts";
import { configError } from "../core/errors.ts";
import { collectorSettings, type Flags } from "./command.ts";
import { UsageError } from "./flags.ts";
import { allPlugins, findCollector, namesIn, sorted, unknownPlugin } from "./plugins.ts";
import { tellProblems } from "./problems_out.ts";
import type { World } from "./world.ts";

interface Recording {
  readonly part: CollectorSettings;
  /** The folder that was named. */
  readonly directory: string;
  close(): Promise<void>;
}

/** By the words `NAME|FILE DIR`. Throws `config` or a wrong usage. */
export async function recordingOf(world: World, flags: Flags, verb: string): Promise<Recording> {
  const [word, folder, ...more] = flags.words;
  if (folder === undefined || more.length > 0) {
    throw new UsageError(`Which collector, and which folder? diamond-agent ${verb} NAME DIR`);
  }
  const { paths } = await sorted(world, [word]);
  if (paths.some((path) => path.endsWith(".py"))) {
    throw configError(
      `"${word}" is in Python and reads the host itself: only what goes through the agent's \`host\` can be recorded`,
    );
  }
  const { catalogue, custom, source } = await allPlugins(world, flags, paths, "none");
  const [name] = paths.length > 0
    ? namesIn(custom, paths[0])
    : [await findCollector(catalogue, word)];
  if (name === undefined) throw unknownPlugin("collector", word, Object.keys(catalogue.collectors));
  const settings = await collectorSettings(world, flags, [name], source);
  tellProblems(world.err, settings.problems);
  const [part] = settings.collectors;
  if (part === undefined) throw configError(`${name} cannot run with this configuration`);
  return { part, directory: world.files.absolute(folder), close: () => source.loader.close() };
}
