/** A real MariaDB of Debian's package, on a free port. */

import { equal } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { endWithTests, until } from "./agent_process.ts";

export const noMariadb =
  existsSync("/usr/sbin/mariadbd") && existsSync("/usr/bin/mariadb-install-db")
    ? false
    : "mariadb-server is not installed";

/** With its files in a folder of the test; the same folder can be started again. */
export async function mariadb(base: string, port: number, more: readonly string[] = []) {
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
    ...more,
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
