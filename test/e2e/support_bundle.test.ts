/** `support-bundle` on the executable: what is in it, whose it is, and what is not in it. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: base, remove } = temporary();
after(remove);
const conf = join(base, "diamond.conf");
const SECRET = "s3cretMark1x";

writeFileSync(
  conf,
  `[server]\nhandlers = ArchiveHandler, InfluxdbHandler\npid_file = ${base}/agent.pid\nstate_path = ${base}/state\n` +
    `[handlers]\n[[ArchiveHandler]]\nlog_file = ${base}/archive.log\n` +
    `[[InfluxdbHandler]]\nhostname = 127.0.0.1\nport = 1\npassword = ${SECRET}\n` +
    "[collectors]\n[[default]]\ninterval = 1\n[[LoadAverageCollector]]\nenabled = True\n[[NoSuchCollector]]\nenabled = True\n" +
    `[loggers]\nkeys = root\n[formatters]\nkeys = f\n[logger_root]\nlevel = INFO\nhandlers = file\n` +
    `[handler_file]\nclass = FileHandler\nlevel = INFO\nformatter = f\nargs = ('${base}/agent.log',)\n[formatter_f]\nformat = %(message)s\n`,
);

/** Each file's text, by its name. */
function unpacked(path: string): Map<string, string> {
  const names = spawnSync("tar", ["-tzf", path], { encoding: "utf8" }).stdout.trim().split("\n");
  return new Map(names.map((name) => [
    name.replace(/^.*\//, ""),
    spawnSync("tar", ["-xzOf", path, name], { encoding: "utf8" }).stdout,
  ]));
}

describeWith("support-bundle", noExecutable, () => {
  it("has what a helper needs, masked, for its owner alone, and writes over nothing", async () => {
    const running = start(["run", "-f", "-c", conf]);
    await until("it answers", () => agent(["status", "-c", conf]).stdout !== "");
    const log = join(base, "agent.log");
    const old = `${"x".repeat(99)}\n`.repeat(5000);
    writeFileSync(log, `${old}old ${SECRET}\napi_key=abcdefghij\nlast line\n`, { flag: "a" });
    const path = join(base, "bundle.tar.gz");
    const { code, stdout } = agent(["support-bundle", "-c", conf, path]);
    equal(code, 0);
    await running.end();
    equal(statSync(path).mode & 0o777, 0o600);
    const files = unpacked(path);
    deepEqual([...files.keys()], [
      "README.txt",
      "version.json",
      "status.json",
      "status.txt",
      "configuration.conf",
      "problems.txt",
      "list.json",
      "spools.json",
      "log-1.txt",
      "host.txt",
    ]);
    for (const name of files.keys()) if (name !== "README.txt") ok(stdout.includes(name), name);
    equal(JSON.parse(files.get("status.json")!).handlers.length, 2);
    match(files.get("status.txt")!, /Degraded/);
    match(files.get("configuration.conf")!, /password = \*{8} {2}# .*diamond\.conf:\d+/);
    match(files.get("problems.txt")!, /NoSuchCollector/);
    ok(JSON.parse(files.get("list.json")!).collectors.length > 40);
    match(files.get("log-1.txt")!, /^x+\n[^]*old \*{8}\napi_key=\*{8}\nlast line\n/);
    ok(files.get("log-1.txt")!.length <= 262_144);
    match(files.get("host.txt")!, /MemTotal/);
    for (const [name, text] of files) ok(!text.includes(SECRET), name);

    const before = readFileSync(path);
    const again = agent(["support-bundle", "-c", conf, path]);
    equal(again.code, 1);
    match(again.stderr, /^diamond-agent: .*bundle\.tar\.gz" is there already/);
    deepEqual(readFileSync(path), before);
  });

  it("without an agent, and without a configuration, says so in their places", () => {
    const path = join(base, "other.tar.gz");
    equal(agent(["support-bundle", "-c", join(base, "none.conf"), path]).code, 0);
    const files = unpacked(path);
    match(files.get("configuration.conf")!, /^It cannot be had: .*none\.conf/);
    match(files.get("status.json")!, /^It cannot be had: /);
    match(files.get("host.txt")!, /MemTotal/);
    equal(agent(["support-bundle", join(base, "x.zip")]).code, 2);
    match(agent(["support-bundle", "/nowhere/x.tar.gz"]).stderr, /cannot write/);
  });
});
