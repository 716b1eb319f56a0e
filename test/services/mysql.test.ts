/** A real MariaDB stores what the executable sends, each row once, through restarts and mistakes. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import {
  agent,
  freePort,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { badPeer, misdeeds } from "../harness/bad_peers.ts";
import { certificates, CERTIFIED_NAME } from "../harness/certificates.ts";
import { deadlineFor, mysqlCase, run, settled, untilTaken } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { mariadb, noMariadb } from "../harness/mariadb.ts";

const { path: directory, remove } = temporary();
after(remove);

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

const SECONDS = 60;

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

  it("has each row once, whatever goes wrong on the way", async () => {
    const port = await freePort();
    const server = await mariadb(join(directory, "peers"), port);
    // A user who may only insert, as one for Diamond would be.
    server.sql(
      "CREATE DATABASE d; CREATE USER u IDENTIFIED BY ''; GRANT INSERT ON d.* TO u",
    );
    for (const misdeed of misdeeds) {
      // Without a key: a row that came twice would be there twice.
      server.sql(
        "CREATE OR REPLACE TABLE d.metrics (metric VARCHAR(40), timestamp INT, value DOUBLE)",
      );
      const peer = await badPeer(port, misdeed, true);
      const running = run(mysqlCase, "127.0.0.1", peer.port, deadlineFor(misdeed));
      const backend = {
        taken: () => server.sql("SELECT metric FROM d.metrics").map(([path]) => path),
      };
      await untilTaken(running, backend);
      await settled(running, backend, true);
      match(running.said(), /error MySQLHandler/, misdeed);
      match(running.said(), /works again/, misdeed);
      match(running.said(), /denied.*rows are inserted without it/, misdeed);
      peer.close();
    }
    await server.stop("SIGTERM");
  });

  it("is spoken to in secret, and only where it is who it should be", async () => {
    const base = join(directory, "tls");
    mkdirSync(base);
    const { ca, certFile, keyFile } = certificates(base);
    const port = await freePort();
    const server = await mariadb(join(base, "server"), port, [
      `--ssl-ca=${ca}`,
      `--ssl-cert=${certFile}`,
      `--ssl-key=${keyFile}`,
    ]);
    server.sql(
      "CREATE DATABASE d; CREATE TABLE d.metrics (metric VARCHAR(40), timestamp INT, value DOUBLE); CREATE USER u IDENTIFIED BY '' REQUIRE SSL; GRANT INSERT, UPDATE, SELECT ON d.* TO u",
    );
    const backend = {
      taken: () => server.sql("SELECT metric FROM d.metrics").map(([path]) => path),
    };
    for (
      const [options, says] of [
        [{}, /Access denied/],
        [{ tls: true, ca }, /certificate|altname|name/i],
        [{ tls: true, server_name: CERTIFIED_NAME }, /certificate|issuer/i],
        [{ tls: true, ca: "/nowhere.pem" }, /cannot read "\/nowhere\.pem"/],
      ] as const
    ) {
      const running = run(mysqlCase, "localhost", port, options);
      running.tick(1);
      await until(`it says ${says}`, () => says.test(running.said()));
      await running.worker.stop(0.1);
    }
    deepEqual(backend.taken(), []);
    const secure = { tls: true, ca, server_name: CERTIFIED_NAME };
    const running = run(mysqlCase, "localhost", port, secure);
    await untilTaken(running, backend);
    await settled(running, backend, true);
    await server.stop("SIGTERM");
  });
});
