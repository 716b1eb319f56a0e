/** All commands that there are. */

import { checkCommand } from "./check.ts";
import { collectCommand } from "./collect.ts";
import { type Command, command, type CommandSpec, type Group } from "./command.ts";
import { completionsCommand } from "./completions.ts";
import { configCommand } from "./config.ts";
import { describeCommand } from "./describe.ts";
import { explainCommand } from "./explain.ts";
import { hostnameCommand } from "./hostname.ts";
import { initConfigCommand } from "./init_config.ts";
import { initCommand } from "./vm/init.ts";
import { initramfsCommand } from "./vm/initramfs.ts";
import { listCommand } from "./list.ts";
import { migrateCommand } from "./migrate/migrate.ts";
import { newCommand } from "./new.ts";
import { recordCommand } from "./record.ts";
import { reloadCommand } from "./reload.ts";
import { replayCommand } from "./replay.ts";
import { runCommand } from "./run.ts";
import { schemaCommand } from "./schema.ts";
import { serviceCommand } from "./service/service.ts";
import { spoolCommand } from "./spool.ts";
import { statusCommand } from "./status.ts";
import { tapCommand } from "./tap.ts";
import { topCommand } from "./top/top.ts";
import { supportBundleCommand } from "./bundle/support_bundle.ts";
import { testCommand } from "./test.ts";
import { typesCommand } from "./types.ts";
import { versionCommand } from "./version.ts";
import type { World } from "./world.ts";

/** All that there is, in the order of the help. */
export function commandsOf(
  world: World,
  args: readonly string[],
  setStatus: (status: number) => void,
): readonly Command[] {
  const groups: Readonly<Record<Group, readonly CommandSpec[]>> = {
    Run: [
      runCommand(world, () => args),
      statusCommand(world),
      topCommand(world),
      tapCommand(world),
      reloadCommand(world),
      spoolCommand(world),
      replayCommand(world),
    ],
    Inspect: [
      checkCommand(world),
      collectCommand(world),
      explainCommand(world),
      listCommand(world),
      describeCommand(world),
      hostnameCommand(world),
      schemaCommand(world),
      supportBundleCommand(world),
      versionCommand(world),
    ],
    Extend: [newCommand(world), typesCommand(world), recordCommand(world), testCommand(world)],
    Install: [
      initConfigCommand(world),
      migrateCommand(world),
      configCommand(world),
      serviceCommand(world),
      initramfsCommand(world),
      initCommand(world),
      completionsCommand(world, () => commands),
    ],
  };
  const commands = Object.entries(groups).flatMap(([group, specs]) =>
    specs.map((spec) => command(spec, group as Group, setStatus))
  );
  return commands;
}
