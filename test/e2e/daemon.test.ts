import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import {
  agent,
  lineServer,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
chmodSync(directory, 0o777);
const started = new Set<number>();
after(() => {
  for (const pid of started) if (alive(pid)) process.kill(pid, "SIGKILL");
  remove();
});

const isRoot = process.getuid?.() === 0;
const alive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
const status = (pid: number, field: string) =>
  new RegExp(`^${field}:\\s+(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];

let number = 0;
/** A configuration that writes one collector's metrics each second to a file of its own. */
function configuration(server = "", collectors = "[[UptimeCollector]]\nenabled = True\n") {
  const base = join(directory, `c${number++}`);
  mkdirSync(base);
  chmodSync(base, 0o777);
  const paths = {
    base,
    conf: join(base, "diamond.conf"),
    pid: join(base, "agent.pid"),
    log: join(base, "agent.log"),
    archive: join(base, "archive.log"),
  };
  writeFileSync(
    paths.conf,
    `[server]\nstate_path = ${paths.base}/state\nhandlers = ArchiveHandler\npid_file = ${paths.pid}\nself_metrics = False\n${server}\n[handlers]\nkeys = f\n[[ArchiveHandler]]\nlog_file = ${paths.archive}\n` +
      `[collectors]\n[[default]]\ninterval = 1\n${collectors}\n[loggers]\nkeys = root\n[logger_root]\nlevel = INFO\nhandlers = f\n[handler_f]\nclass = FileHandler\nargs = ('${paths.log}',)\n`,
  );
  return paths;
}

/** Starts it in the background; returns its pid from the pid file. */
function daemon(args: string[], pidFile: string): number {
  const { code, stderr } = agent(args);
  deepEqual([code, stderr], [0, ""]);
  const pid = Number(readFileSync(pidFile, "utf8"));
  started.add(pid);
  return pid;
}

async function stop(pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  await until("the daemon ends", () => !alive(pid));
}

describeWith("the daemon", noExecutable, () => {
  it("detaches, collects, and is gone with its pid file at SIGTERM", async () => {
    const { conf, pid: pidFile, archive, log } = configuration();
    const pid = daemon(["-c", conf], pidFile);
    equal(status(pid, "PPid") === String(process.pid), false);
    equal(
      readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[5],
      String(pid),
      "a session of its own",
    );
    for (const descriptor of [0, 1, 2]) {
      equal(readlinkSync(`/proc/${pid}/fd/${descriptor}`), "/dev/null");
    }
    await until(
      "metrics arrive",
      () => existsSync(archive) && readFileSync(archive, "utf8").split("\n").length > 2,
    );
    await stop(pid);
    equal(existsSync(pidFile), false);
    match(readFileSync(log, "utf8"), /Stopped\n$/);
  });

  it("keeps a second one out, also without its pid file", async () => {
    const { conf, pid: pidFile } = configuration();
    const pid = daemon(["-p", pidFile, "-c", conf], pidFile);
    const second = agent(["-c", conf]);
    equal(second.code, 1);
    match(second.stderr, /names the live process/);
    rmSync(pidFile);
    const third = agent(["-f", "-c", conf]);
    equal(third.code, 1);
    match(third.stderr, /another instance holds the lock/);
    await stop(pid);
  });

  it("takes over from a dead one", async () => {
    const { conf, pid: pidFile, log } = configuration();
    writeFileSync(pidFile, "4194305\n");
    await stop(daemon(["-c", conf], pidFile));
    match(readFileSync(log, "utf8"), /Removed the stale pid file/);
  });

  it("tells the terminal when it cannot start", () => {
    const { base, conf } = configuration();
    const broken = join(base, "broken.conf");
    writeFileSync(broken, "[server]\nhandlers = [\n]x\n");
    for (
      const [args, message] of [
        [["-c", broken], /broken\.conf:3: error: /],
        [["-c", join(base, "missing.conf")], /"\S+missing\.conf" is not there/],
        [["-c", conf, "-u", "no-such-user"], /there is no user "no-such-user"/],
        [
          ["-c", conf, "-p", "/proc/nope/x.pid"],
          /cannot write the pid file "\/proc\/nope\/x\.pid" \(-p names another/,
        ],
      ] as const
    ) {
      for (const more of [[], ["--skip-fork"]]) {
        const { code, stderr } = agent([...args, ...more]);
        equal(code, 1);
        match(stderr, message);
      }
    }
  });

  it("changes user, group and supplementary groups for good", {
    skip: isRoot ? false : "needs root",
  }, async () => {
    const { conf, pid: pidFile, archive } = configuration("user = nobody\ngroup = daemon");
    const pid = daemon(["-c", conf], pidFile);
    const [uid, gid] = [
      /^nobody:.*?:(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"))![1],
      /^daemon:.*?:(\d+):/m.exec(readFileSync("/etc/group", "utf8"))![1],
    ];
    equal(status(pid, "Uid"), [uid, uid, uid, uid].join("\t"));
    equal(status(pid, "Gid"), [gid, gid, gid, gid].join("\t"));
    equal(status(pid, "Groups").split(" ").includes("0"), false, "root's groups are gone");
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      match(
        readFileSync(`/proc/${pid}/task/${task}/status`, "utf8"),
        new RegExp(`^Uid:\t${uid}\t`, "m"),
      );
    }
    await until("metrics arrive", () => existsSync(archive));
    await stop(pid);
    equal(existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "", false);
  });

  it("reads its configuration again at SIGHUP, and keeps the old one where the new one is broken", async () => {
    const { conf, log, archive } = configuration();
    const running = start(["-f", "-l", "--skip-pidfile", "-c", conf]);
    await until(
      "it runs",
      () => existsSync(log) && readFileSync(log, "utf8").includes("runs 1 collectors"),
    );
    const good = readFileSync(conf, "utf8");
    writeFileSync(conf, `${good}\n[broken`);
    process.kill(running.pid, "SIGHUP");
    await until(
      "the broken file is refused",
      () => /not taken over, the old one stays: .*diamond\.conf:\d+: error/.test(running.output()),
    );
    writeFileSync(
      conf,
      good.replace(
        "[[UptimeCollector]]",
        "[[ExampleCollector]]\nenabled = True\n[[UptimeCollector]]",
      ),
    );
    process.kill(running.pid, "SIGHUP");
    await until(
      "the new file is taken over",
      () => running.output().includes("collector ExampleCollector is new"),
    );
    await until(
      "its metrics arrive",
      () => readFileSync(archive, "utf8").includes("my.example.metric"),
    );
    process.kill(running.pid, "SIGUSR2");
    equal(await running.end(), 0);
  });

  it("begins to look for changes when a reload tells it to", async () => {
    const { conf, archive } = configuration();
    const running = start(["-fl", "--skip-pidfile", "-c", conf]);
    await until("it runs", () => existsSync(archive));
    const text = readFileSync(conf, "utf8").replace(
      "[server]\n",
      "[server]\ncollectors_reload_interval = 1\n",
    );
    writeFileSync(conf, text);
    process.kill(running.pid, "SIGHUP");
    await until(
      "it has read it again",
      () => running.output().includes("Configuration read again"),
    );
    writeFileSync(
      conf,
      text.replace(
        "[[UptimeCollector]]",
        "[[ExampleCollector]]\nenabled = True\n[[UptimeCollector]]",
      ),
    );
    await until(
      "it sees the change by itself",
      () => running.output().includes("collector ExampleCollector is new"),
    );
    equal(await running.end(), 0);
  });

  it("reads it again when a file has changed, with collectors_reload_interval", async () => {
    const { base, conf, archive } = configuration(
      `collectors_reload_interval = 1\ncollectors_config_path = ${directory}/watched`,
    );
    mkdirSync(join(directory, "watched"));
    const running = start(["-fl", "--skip-pidfile", "-c", conf], { cwd: base });
    await until("it runs", () => existsSync(archive));
    writeFileSync(join(directory, "watched", "ExampleCollector.conf"), "enabled = True\n");
    await until(
      "a new file is taken over",
      () => readFileSync(archive, "utf8").includes("my.example.metric"),
    );
    rmSync(join(directory, "watched", "ExampleCollector.conf"));
    await until(
      "its end too",
      () => running.output().includes("collector ExampleCollector is gone"),
    );
    equal(await running.end(), 0);
  });

  for (
    const [form, args] of [
      ["Debian's upstart", ["--foreground", "--skip-change-user", "--skip-fork", "--skip-pidfile"]],
      ["RPM's upstart", ["--foreground"]],
      ["skip-fork", ["--skip-fork"]],
      ["in bundles", ["-lf"]],
    ] as const
  ) {
    it(`runs in the foreground as ${form} starts it`, async () => {
      const { conf, pid: pidFile, archive } = configuration();
      const running = start([...args, "--configfile", conf]);
      await until("metrics arrive", () => existsSync(archive));
      equal(existsSync(pidFile), form === "skip-fork");
      equal(await running.end("SIGINT"), 0);
      equal(existsSync(pidFile), false);
    });
  }

  it("ends at once when it is asked twice", async () => {
    // Without a spool there is something to wait for.
    const { conf, log } = configuration("spool_path = off");
    writeFileSync(
      conf,
      readFileSync(conf, "utf8").replace("handlers = ArchiveHandler", "handlers = GraphiteHandler")
        .replace(
          "[[ArchiveHandler]]",
          `[[GraphiteHandler]]\nhost = 127.0.0.1\nport = 1\n[[ArchiveHandler]]`,
        ),
    );
    const running = start(["-f", "--skip-pidfile", "-c", conf]);
    await until(
      "it fails to deliver",
      () => existsSync(log) && readFileSync(log, "utf8").includes("cannot connect"),
    );
    const begun = Date.now();
    running.child.kill("SIGTERM");
    running.child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 700));
    equal(running.child.exitCode, null, "told twice at the same time is told once");
    equal(await running.end("SIGINT"), 0);
    ok(Date.now() - begun < 4000);
  });

  it("leaves no command behind", async () => {
    // Root runs no script that others can replace, as they can below `directory`.
    const scripts = mkdtempSync(join(tmpdir(), "diamond-agent-scripts-"));
    after(() => rmSync(scripts, { recursive: true }));
    const mark = join(directory, "script.pid");
    writeFileSync(join(scripts, "slow"), `#!/bin/sh\necho $$ > ${mark}\nexec sleep 300\n`, {
      mode: 0o755,
    });
    const { conf } = configuration(
      "",
      `[[UserScriptsCollector]]\nenabled = True\ncollect_timeout = 200\nscripts_path = ${scripts}\n`,
    );
    const running = start(["-f", "--skip-pidfile", "-c", conf]);
    await until("the script runs", () => existsSync(mark) && readFileSync(mark, "utf8") !== "");
    const pid = Number(readFileSync(mark, "utf8"));
    equal(await running.end(), 0);
    await until("the script is gone", () => !alive(pid));
  });

  it("flushes what it has at the stop", async () => {
    const server = await lineServer();
    const { conf } = configuration();
    writeFileSync(
      conf,
      readFileSync(conf, "utf8").replace("handlers = ArchiveHandler", "handlers = GraphiteHandler")
        .replace(
          "[[ArchiveHandler]]",
          `[[GraphiteHandler]]\nhost = 127.0.0.1\nport = ${server.port}\n[[ArchiveHandler]]`,
        ),
    );
    const running = start(["-f", "--skip-pidfile", "-c", conf]);
    await until("metrics arrive", () => server.lines.length > 0);
    equal(await running.end(), 0);
    match(server.lines[0], /^servers\.[^ ]+\.uptime\.minutes \d+ \d+$/);
    await server.close();
  });
});
