/** `schema`: the tables that handlers for databases want. */

import { clickhouseSchema } from "../formats/clickhouse.ts";
import { mysqlSchema } from "../formats/mysql.ts";
import { type CommandSpec, configFlag } from "./command.ts";
import { UsageError } from "./flags.ts";
import { serverSettings } from "./handler_part.ts";
import type { World } from "./world.ts";

interface Kind {
  readonly handler: string;
  /** With the names in a handler's section, or as they are without one. */
  print(options: object): string;
}

export const databases = ["mysql", "clickhouse"] as const;

const KINDS: Readonly<Record<typeof databases[number], Kind>> = {
  mysql: {
    handler: "MySQLHandler",
    print: (options) =>
      mysqlSchema({
        table: "metrics",
        col_time: "timestamp",
        col_metric: "metric",
        col_value: "value",
        ...options,
      }),
  },
  clickhouse: {
    handler: "ClickHouseHandler",
    print: (options) => clickhouseSchema({ database: "default", table: "graphite", ...options }),
  },
};

export function schemaCommand(world: World): CommandSpec {
  const names = databases.join("|");
  return {
    name: "schema",
    summary: "Print the table that a handler for a database writes to",
    operands: names,
    args: { ...configFlag, words: { type: "positional", required: false, description: names } },
    examples: [
      "diamond-agent schema mysql | mysql metrics",
      "diamond-agent schema clickhouse | clickhouse-client -n",
      "diamond-agent schema mysql -c diamond.conf      with the names that stand there",
    ],
    async run(flags) {
      const [database, ...more] = flags.words;
      const kind = databases.find((name) => name === database);
      if (kind === undefined || more.length > 0) {
        throw new UsageError(`For which database? diamond-agent schema ${names}`);
      }
      const { handler: name, print } = KINDS[kind];
      const settings = flags.text("configfile") === undefined
        ? undefined
        : await serverSettings(world, flags);
      const part = settings?.handlers.find(({ handler }) => handler.name === name);
      world.out.write(print(part?.options ?? {}));
      return 0;
    },
  };
}
