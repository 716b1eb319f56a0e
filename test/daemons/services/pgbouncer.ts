/** PgBouncer before nothing: its own database tells of itself. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "PgbouncerCollector",
  packages: { pgbouncer: "pgbouncer", psql: "postgresql-client-15" },
  fast: true,

  async start({ folder, port }) {
    writeFileSync(`${folder}/users.txt`, '"watcher" "se,cret"\n');
    writeFileSync(
      `${folder}/pgbouncer.ini`,
      `[databases]
app = host=127.0.0.1 port=9
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = scram-sha-256
auth_file = ${folder}/users.txt
stats_users = watcher
unix_socket_dir =
`,
    );
    const server = run("pgbouncer", ["-u", "nobody", `${folder}/pgbouncer.ini`]);
    const url = `postgresql://watcher:se,cret@127.0.0.1:${port}/pgbouncer`;
    await answers("psql", [url, "-c", "SHOW POOLS"]);
    const rows = (question: string) => {
      const [titles, ...cells] = say("psql", [
        url,
        "-A",
        "-F",
        "|",
        "-P",
        "footer=off",
        "-c",
        question,
      ])
        .trim().split("\n").map((line) => line.split("|"));
      return cells.map((row) => new Map(titles.map((title, at) => [title, row[at]])));
    };
    return {
      version: say("pgbouncer", ["--version"]).match(/PgBouncer (\S+)/)![1],
      options:
        `user = watcher\npassword = "se,cret"\n[[[instances]]]\n[[[[it]]]]\nhost = 127.0.0.1\nport = ${port}\n`,
      client() {
        const found = new Map<string, number>();
        for (const row of [...rows("SHOW POOLS"), ...rows("SHOW STATS")]) {
          for (const [title, written] of row) {
            const isText = ["database", "user", "pool_mode"].includes(title);
            if (!isText) found.set(`it.${row.get("database")}.${title}`, Number(written));
          }
        }
        return found;
      },
      gone: { "it.pgbouncer.pool_mode": "a text in 1.18" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
