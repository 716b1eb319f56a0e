/** A real MariaDB stores what the executable sends, each row once, through restarts and mistakes. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import {
  agent,
  endWithTests,
  freePort,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

const noMariadb = existsSync("/usr/sbin/mariadbd") && existsSync("/usr/bin/mariadb-install-db")
  ? false
  : "mariadb-server is not installed";

/** With its files in a folder of the test; the same folder can be started again. */
async function mariadb(base: string, port: number) {
  const data = join(base, "data");
  const socket = join(base, "mysql.sock");
  const user = process.getuid?.() === 0 ? ["--user=root"] : [];
  if (!existsSync(data)) {
    mkdirSync(base, { recursive: true });
    const made = spawnSync("/usr/bin/mariadb-install-db", [
      "--no-defaults",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      ...user,
    ], { encoding: "utf8" });
    equal(made.status, 0, made.stderr);
  }
  const child = spawn("/usr/sbin/mariadbd", [
    "--no-defaults",
    `--datadir=${data}`,
    `--socket=${socket}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    `--pid-file=${join(base, "mysql.pid")}`,
    "--innodb-flush-log-at-trx-commit=2",
    ...user,
  ], { stdio: "ignore" });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  const sql = (text: string) =>
    spawnSync("/usr/bin/mariadb", ["--no-defaults", `--socket=${socket}`, "-N", "-u", "root"], {
      encoding: "utf8",
      input: text,
      maxBuffer: 1 << 28,
    });
  await until("mariadb answers", () => sql("SELECT 1").status === 0, 60);
  return {
    socket,
    sql(text: string): string[][] {
      const { status, stdout, stderr } = sql(text);
      equal(status, 0, stderr);
      return stdout.split("\n").slice(0, -1).map((line) => line.split("\t"));
    },
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
    },
  };
}

function configuration(base: string, options: string, schema = "") {
  const archive = join(base, "archive.log");
  const conf = join(base, "diamond.conf");
  writeFileSync(
    conf,
    `[server]\nstate_path = ${base}/state\npid_file = ${base}/agent.pid\nhandlers = diamond.handler.mysql.MySQLHandler, ArchiveHandler\n` +
      `[handlers]\n[[MySQLHandler]]\nretry_max_interval = 1\nusername = diamond\npassword = "se,cret"\ndatabase = metrics\ntable = points\n${options}${schema}\n` +
      `[[ArchiveHandler]]\nlog_file = ${archive}\n[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n` +
      ["CPU", "Memory", "LoadAverage", "VMStat"].map((name) =>
        `[[${name}Collector]]\nenabled = True\n`
      ).join(""),
  );
  const lines = () =>
    existsSync(archive) ? readFileSync(archive, "utf8").split("\n").slice(0, -1) : [];
  return { conf, lines };
}

const SECONDS = 24;

describeWith("MariaDB", noExecutable || noMariadb, () => {
  it(`restarted three times in ${SECONDS} s has every row exactly once`, async () => {
    const base = join(directory, "restarts");
    const port = await freePort();
    let server = await mariadb(base, port);
    const { conf, lines } = configuration(base, `hostname = 127.0.0.1\nport = ${port}\n`);
    const printed = agent(["mysql-schema", "-c", conf]);
    equal(printed.code, 0, printed.stderr);
    server.sql(
      `CREATE DATABASE metrics; USE metrics; ${printed.stdout} CREATE USER diamond IDENTIFIED BY 'se,cret'; GRANT INSERT, UPDATE, SELECT ON metrics.* TO diamond`,
    );
    const running = start(["run", "-f", "-l", "-c", conf]);
    await until("it collects", () => lines().length > 0);
    for (const signal of ["SIGTERM", "SIGKILL", "SIGKILL"] as const) {
      await new Promise((resolve) => setTimeout(resolve, (SECONDS * 1000) / 5));
      await server.stop(signal);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      server = await mariadb(base, port);
    }
    await new Promise((resolve) => setTimeout(resolve, 5000));
    equal(await running.end(), 0);
    const rows = server.sql("SELECT metric, value, timestamp FROM metrics.points");
    const stored = rows.map(([path, value, stamp]) => `${path} ${Number(value)} ${stamp}`);
    const archived = lines().map((line) => {
      const [path, value, stamp] = line.split(" ");
      return `${path} ${Number(value)} ${stamp}`;
    });
    ok(archived.length > 1000);
    const [inTable, inArchive] = [new Set(stored), new Set(archived)];
    deepEqual(archived.filter((row) => !inTable.has(row)), [], "missing");
    deepEqual(stored.filter((row) => !inArchive.has(row)), [], "not collected");
    equal(stored.length, archived.length, "more than once");
    match(running.output(), /MySQLHandler works again/);
    await server.stop("SIGTERM");
  });

  it("says what is wrong: password, table, rows; and goes on by itself", async () => {
    const base = join(directory, "wrong");
    const server = await mariadb(base, await freePort());
    server.sql(
      "CREATE DATABASE metrics; CREATE USER diamond@localhost IDENTIFIED BY 'other'; GRANT ALL ON metrics.* TO diamond@localhost",
    );
    const { conf, lines } = configuration(base, `socket = ${server.socket}\n`, "col_value = a`b\n");
    const running = start(["run", "-f", "-l", "--debug", "-c", conf]);
    const says = (text: RegExp) =>
      until(`it says ${text}`, () => text.test(running.output()), 20).catch((error) => {
        throw new Error(`${error.message}\n${running.output().slice(-1500)}`);
      });
    await says(/Access denied for user 'diamond'/);
    server.sql("SET PASSWORD FOR diamond@localhost = PASSWORD('se,cret')");
    await says(/Table 'metrics\.points' doesn't exist/);
    // Too short for some: those rows are named, the others are kept.
    server.sql(
      "CREATE TABLE metrics.points (metric VARCHAR(30) NOT NULL, timestamp INT NOT NULL, `a``b` DOUBLE, PRIMARY KEY (metric, timestamp))",
    );
    await says(/refuses \d+ of \d+ metrics for good, the first is "servers\.web1\.\S{10}/);
    await until(
      "the others are stored",
      () => Number(server.sql("SELECT count(*) FROM metrics.points")[0][0]) > 100,
    );
    server.sql("SET GLOBAL wait_timeout = 1");
    equal(await running.end(), 0);
    const short = lines().filter((line) => line.split(" ")[0].length <= 30).length;
    equal(Number(server.sql("SELECT count(*) FROM metrics.points")[0][0]), short);
    ok(!running.output().includes("se,cret"), "the password is told to nobody");
    await server.stop("SIGTERM");
  });
});
