/** What root does for another user, and what others could make root do. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { collectors } from "../../src/collectors/registry.ts";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
chmodSync(directory, 0o755);
after(remove);
const needsRoot = noExecutable || (process.getuid?.() === 0 ? false : "needs root");
const NOBODY = 65534;

interface Made {
  readonly base: string;
  readonly conf: string;
  readonly archive: string;
}

let number = 0;
/** A configuration with a folder `own` that belongs to the user nobody, as packages make them. */
function configuration(server = "", sections = "[[UptimeCollector]]\nenabled = True\n"): Made {
  const base = join(directory, `t${number++}`);
  mkdirSync(join(base, "own"), { recursive: true });
  chownSync(join(base, "own"), NOBODY, NOBODY);
  const [conf, archive] = [join(base, "diamond.conf"), join(base, "own/archive.log")];
  writeFileSync(
    conf,
    `[server]\nhandlers = ArchiveHandler\npid_file = ${base}/own/pid\nstate_path = ${base}/own/state\n` +
      `socket = ${base}/own/sock\n${server}\n[handlers]\n[[ArchiveHandler]]\nlog_file = ${archive}\n` +
      `[collectors]\n[[default]]\ninterval = 1\nhostname = h\n${sections}`,
  );
  return { base, conf, archive };
}

const textOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** The collectors of which there is a point. */
function publishing({ archive }: Made): string[] {
  return [...new Set([...textOf(archive).matchAll(/^servers\.h\.(\w+)/gm)].map(([, name]) => name))]
    .sort();
}

/** What an agent with this user publishes in three runs. */
async function publishedAs(user: string, sections: string): Promise<string[]> {
  const made = configuration(`user = ${user}`, sections);
  const running = start(["run", "--skip-fork", "-l", "-c", made.conf]);
  await until("three runs are there", () => {
    return (textOf(made.archive).match(/\.loadavg\.01 /g) ?? []).length > 3;
  });
  equal(await running.end(), 0);
  return publishing(made);
}

describeWith("an agent that root starts for another user", needsRoot, () => {
  it("collects with every collector what root would", async () => {
    const scripts = join(directory, "scripts");
    mkdirSync(scripts);
    writeFileSync(join(scripts, "x"), "#!/bin/sh\necho script 1\n", { mode: 0o755 });
    const more: Readonly<Record<string, string>> = {
      ProcessResourcesCollector: "[[[process]]]\n[[[[any]]]]\nname = .\n",
      UserScriptsCollector: `scripts_path = ${scripts}\n`,
    };
    const sections = Object.keys(collectors).map((name) =>
      `[[${name}]]\nenabled = True\n${more[name] ?? ""}`
    ).join("");
    // Only root may read /proc/slabinfo.
    const asRoot = async () =>
      (await publishedAs("root", sections)).filter((name) => name !== "slabinfo");
    const before = await asRoot();
    ok(before.includes("process") && before.includes("script"), before.join(" "));

    const made = configuration("user = nobody", sections);
    const running = start(["run", "--skip-fork", "-l", "-c", made.conf]);
    const missing = (expected: readonly string[]) => {
      const there = publishing(made);
      return expected.filter((name) => !there.includes(name));
    };
    await until("all of them publish", () => missing(before).length === 0).catch(() => {});
    equal(await running.end(), 0);
    // What root does not find any more either has ended meanwhile: a service of another test.
    const left = missing(before).length === 0 ? [] : missing(await asRoot());
    equal(left.join(" "), "", running.output());
  });

  it("writes nothing through links that this user has put in its way", async () => {
    const { base, conf } = configuration("user = nobody");
    const victim = join(base, "victim");
    writeFileSync(victim, "root's\n", { mode: 0o600 });
    symlinkSync(victim, join(base, "own/sock"));
    symlinkSync(base, join(base, "own/state"));
    symlinkSync(victim, join(base, "own/log"));
    writeFileSync(
      conf,
      `${
        readFileSync(conf, "utf8")
      }[loggers]\nkeys = root\n[logger_root]\nlevel = INFO\nhandlers = f\n` +
        `[handler_f]\nclass = FileHandler\nlevel = DEBUG\nargs = ('${base}/own/log',)\n`,
    );
    const running = start(["run", "--skip-fork", "-l", "-c", conf]);
    await until(
      "it runs, and says where its log goes",
      () => /runs \d+ collectors/.test(running.output()),
    );
    match(running.output(), /the link ".*own\/log" is not followed: others can replace it/);
    equal(await running.end(), 0);
    symlinkSync(victim, join(base, "own/pid"));
    const refused = agent(["run", "--skip-fork", "-c", conf]);
    equal(refused.code, 1);
    match(refused.stderr, /cannot write the pid file .*is not followed: others can replace it/);
    const { uid, mode } = statSync(victim);
    deepEqual([readFileSync(victim, "utf8"), uid, mode & 0o777], ["root's\n", 0, 0o600]);
    equal(statSync(base).uid, 0);
  });

  it("makes its folders for this user", async () => {
    const { base, conf } = configuration(`user = nobody`);
    writeFileSync(
      conf,
      readFileSync(conf, "utf8").replace(/state_path = .*/, `state_path = ${base}/a/b`),
    );
    const running = start(["run", "--skip-fork", "-l", "-c", conf]);
    await until(
      "the state is written",
      () => existsSync(join(base, "a/b")) && running.output() !== "",
    );
    deepEqual(["a", "a/b", "a/b/spool"].map((name) => statSync(join(base, name)).uid), [
      NOBODY,
      NOBODY,
      NOBODY,
    ]);
    await until("it runs", () => /runs \d+ collectors/.test(running.output()));
    equal(await running.end(), 0);
    deepEqual(readdirSync(join(base, "a/b")).includes("state.json"), true);
  });
});

describeWith("a configuration that others can change", needsRoot, () => {
  it("is told by check, status and the log, and refused where it asks for that", async () => {
    const { base, conf } = configuration();
    const said =
      /diamond\.conf: warning: It belongs to user 65534: who can change it decides what the agent runs/;
    chownSync(conf, NOBODY, NOBODY);
    const check = agent(["check", "-c", conf]);
    equal(check.code, 0);
    match(check.stderr, said);
    const running = start(["run", "-f", "--skip-pidfile", "-l", "-c", conf]);
    await until("it runs", () => /runs \d+ collectors/.test(running.output()));
    match(running.output(), /It belongs to user 65534/);
    const status = agent(["status", "-c", conf]);
    equal(status.code, 0, status.stdout);
    match(status.stdout, said);
    equal(await running.end(), 0);
    // The user that the agent becomes may have it.
    writeFileSync(conf, readFileSync(conf, "utf8").replace("[server]", "[server]\nuser = nobody"));
    equal(agent(["check", "--strict", "-c", conf]).stderr, "");

    writeFileSync(
      conf,
      readFileSync(conf, "utf8").replace("user = nobody", "strict_permissions = True"),
    );
    for (const command of [["check"], ["run", "-f", "--skip-pidfile"]]) {
      const { code, stderr } = agent([...command, "-c", conf]);
      equal(code === 0, false);
      match(stderr, /diamond\.conf: error: It belongs to user 65534/);
    }
    chownSync(conf, 0, 0);
    match(
      agent(["check", "-c", conf]).stderr,
      /:\d+: error: state_path is in ".*own", which belongs to user 65534/,
    );
    writeFileSync(conf, readFileSync(conf, "utf8").replace(/(state_path = .*)own/, "$1"));
    equal(agent(["check", "--strict", "-c", conf]).code, 0);
    chmodSync(base, 0o777);
    match(
      agent(["check", "-c", conf]).stderr,
      /error: It is in ".*", where everybody can replace files/,
    );
  });
});

describeWith("a state folder", noExecutable, () => {
  it("has one agent, whatever configuration and path lead there", async () => {
    const [first, second] = [configuration(), configuration()];
    const running = start(["run", "-f", "--skip-pidfile", "-c", first.conf]);
    await until("it publishes", () => publishing(first).length > 0);
    symlinkSync(join(first.base, "own"), join(second.base, "alias"));
    writeFileSync(
      second.conf,
      readFileSync(second.conf, "utf8").replace(
        /state_path = .*/,
        `state_path = ${second.base}/alias/state`,
      ),
    );
    const refused = agent(["run", "-f", "--skip-pidfile", "-c", second.conf]);
    equal(refused.code, 1);
    match(
      refused.stderr,
      /another agent runs with the state folder ".*alias\/state": give this one its own/,
    );
    equal(await running.end("SIGKILL"), null);
    const next = start(["run", "-f", "--skip-pidfile", "-c", second.conf]);
    await until("it publishes", () => publishing(second).length > 0);
    equal(await next.end(), 0);
  });
});

const noPython = spawnSync("python3", ["-c", ""]).status === 0 ? needsRoot : "there is no python3";
describeWith("root's Python", noPython, () => {
  it("takes no modules from the working folder, nor from where PYTHONPATH says", async () => {
    const { base, conf, archive } = configuration(
      `user = nobody\ncollectors_path = ${directory}/python`,
      "[[MineCollector]]\nenabled = True\n",
    );
    mkdirSync(join(directory, "python"));
    writeFileSync(
      join(directory, "python/mine.py"),
      "import diamond.collector\nclass MineCollector(diamond.collector.Collector):\n    def collect(self): self.publish('a', 1)\n",
    );
    const evil = join(base, "evil");
    mkdirSync(evil);
    chmodSync(join(base, "own"), 0o777);
    for (const name of ["sitecustomize", "fcntl", "json", "resource"]) {
      writeFileSync(
        join(evil, `${name}.py`),
        `import os\nopen('${base}/own/ran', 'a').write('${name} %d\\n' % os.getuid())\nraise ImportError('x')\n`,
      );
    }
    const env = { PATH: process.env.PATH!, PYTHONPATH: evil };
    const running = start(["run", "--skip-fork", "-c", conf], { cwd: evil, env });
    await until(
      "it publishes",
      () => /\.MineCollector\.a |\.mine\.a |\.a 1/i.test(textOf(archive)),
      30,
    );
    equal(await running.end(), 0);
    equal(textOf(join(base, "own/ran")), "");
  });
});
