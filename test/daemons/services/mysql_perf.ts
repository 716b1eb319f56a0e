/** A MariaDB that replicates another one, with its performance schema on. */

import { freePort, until } from "../../harness/agent_process.ts";
import { mariadb } from "../../harness/mariadb.ts";
import type { Daemon } from "../daemon.ts";

export default {
  collector: "MySQLPerfCollector",
  packages: { mariadbd: "mariadb-server", mariadb: "mariadb-client" },
  secondRun: 2000,

  async start({ folder }) {
    const [first, second] = [await freePort(), await freePort()];
    const primary = await mariadb(`${folder}/a`, first, ["--log-bin", "--server-id=1"]);
    const replica = await mariadb(`${folder}/b`, second, [
      "--server-id=2",
      "--performance-schema=ON",
      "--performance-schema-instrument=wait/%=ON",
      "--performance-schema-consumer-events-waits-current=ON",
    ]);
    primary.sql(
      `CREATE USER copier@127.0.0.1 IDENTIFIED BY 'x'; GRANT REPLICATION SLAVE ON *.* TO copier@127.0.0.1`,
    );
    replica.sql(
      `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${first}, MASTER_USER='copier', MASTER_PASSWORD='x', MASTER_LOG_FILE='', MASTER_LOG_POS=4;
       START SLAVE;
       CREATE USER diamond@127.0.0.1 IDENTIFIED BY 'se,cret';
       GRANT SELECT ON performance_schema.* TO diamond@127.0.0.1`,
    );
    await until(
      "it replicates",
      () => replica.sql("SHOW SLAVE STATUS")[0].filter((cell) => cell === "Yes").length >= 2,
      60,
    );
    return {
      version: replica.sql("SELECT VERSION()")[0][0].split("-")[0],
      options: `hosts = "diamond:se,cret@127.0.0.1:${second}/performance_schema/it",\n`,
      // Any part of the time: what the threads wait for is over before anyone else can ask.
      client: () =>
        new Map([
          ["it.slave_io.other_work", 50],
          ["it.slave_sql.other_work", 50],
          // It has nothing else to do.
          ["it.slave_sql.wait_for_update", 100],
        ]),
      moves: {
        "it.slave_sql.wait_for_update": 0.2,
        "it.slave_io.other_work": 1,
        "it.slave_sql.other_work": 1,
      },
      stop: async () => {
        await replica.stop("SIGTERM");
        await primary.stop("SIGTERM");
      },
    };
  },
} satisfies Daemon;
