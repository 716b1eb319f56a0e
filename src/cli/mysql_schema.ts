/** `mysql-schema`: the table that MySQLHandler wants. */

import { type MetricTable, schema } from "../formats/mysql.ts";
import { type CommandSpec, configFlag } from "./command.ts";
import { serverSettings } from "./handler_part.ts";
import type { World } from "./world.ts";

const DEFAULT: MetricTable = {
  table: "metrics",
  col_time: "timestamp",
  col_metric: "metric",
  col_value: "value",
};

export function mysqlSchemaCommand(world: World): CommandSpec {
  return {
    name: "mysql-schema",
    summary: "Print the table that MySQLHandler writes to",
    args: { ...configFlag },
    examples: [
      "diamond-agent mysql-schema | mysql metrics",
      "diamond-agent mysql-schema -c diamond.conf      with the names that stand there",
    ],
    async run(flags) {
      const settings = flags.text("configfile") === undefined
        ? undefined
        : await serverSettings(world, flags);
      const part = settings?.handlers.find(({ handler }) => handler.name === "MySQLHandler");
      world.out.write(schema((part?.options as unknown as MetricTable | undefined) ?? DEFAULT));
      return 0;
    },
  };
}
