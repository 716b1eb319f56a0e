import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import { agent, executable, noExecutable, temporary } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);
const file = (name: string, text: string, mode = 0o644) => {
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), mode);
  return join(directory, name);
};

describeWith("the command line", noExecutable, () => {
  it("says its version, in both forms", () => {
    match(agent(["-v"]).stdout, /^Diamond version \d+\.\d+\.\d+\n$/);
    match(
      agent(["version"]).stdout,
      /^diamond-agent \d+\.\d+\.\d+ \(commit \S+, linux-\S+, Bun [\d.]+\)\n$/,
    );
    deepEqual(Object.keys(JSON.parse(agent(["version", "--json"]).stdout)), [
      "version",
      "commit",
      "target",
      "runtime",
      "compiled",
    ]);
  });

  for (const args of [["help"], ["-h"], ["run", "--help"], ["help", "collect"], ["check", "-h"]]) {
    it(`${args.join(" ")} is help, on stdout, with examples`, () => {
      const { code, stdout, stderr } = agent(args);
      deepEqual([code, stderr], [0, ""]);
      match(stdout, /diamond-agent/);
      equal(stdout.includes("\x1b"), false, "no colours without a terminal");
    });
  }

  const wrong: [string[], RegExp][] = [
    [["-x"], /^diamond-agent: unknown flag -x\n/],
    [["frobnicate"], /^diamond-agent: there is no command "frobnicate"\n/],
    [["chek"], /did you mean "check"\?/],
    [["collect"], /^diamond-agent: Which collector\?/],
    [
      ["collect", "QuiteOtherCollector"],
      /^diamond-agent: there is no collector "QuiteOtherCollector"\n/,
    ],
    [["collect", "cpu", "--rounds", "0"], /--rounds needs a whole number from 1 on, not "0"/],
    [["run", "-c"], /^diamond-agent: -c needs a value\n/],
    [["describe", "GraphitHandler"], /did you mean "GraphiteHandler"\?/],
    [["help", "nope"], /there is no command "nope"/],
  ];
  for (const [args, message] of wrong) {
    it(`${args.join(" ")} is wrong usage: 2, and one line that helps`, () => {
      const { code, stdout, stderr } = agent(args);
      deepEqual([code, stdout], [2, ""]);
      match(stderr, message);
      match(stderr, /See: diamond-agent help/);
    });
  }

  it("writes all of its output, however slowly it is read, or fails and says why", () => {
    const through = (command: string) =>
      spawnSync("/bin/sh", ["-c", command], { encoding: "utf8", env: { A: executable } });
    const whole = through('"$A" config 2>/dev/null || "$A" list --json').stdout;
    const slow = through('("$A" config 2>/dev/null || "$A" list --json) | (sleep 0.3; cat)').stdout;
    equal(slow.length, whole.length);
    const full = through('"$A" list >/dev/full; echo $?');
    equal(full.stdout, "1\n");
    match(full.stderr, /^diamond-agent: cannot write to stdout: no space left on device\n$/i);
    equal(
      through('"$A" list | head -1 >/dev/null').stderr,
      "",
      "a reader that goes away is no error",
    );
  });

  it("collects without a configuration, enabled or not, by any name", () => {
    for (
      const name of ["LoadAverageCollector", "loadavg", "loadaverage", "/some/where/loadaverage.py"]
    ) {
      const { code, stdout, stderr } = agent(["collect", name]);
      deepEqual([code, stderr], [0, ""]);
      match(stdout, /^servers\.[^ ]+\.loadavg\.01 \d+\.\d\d \d{10}\n/);
      match(stdout, /# round 1 done\n$/);
    }
    match(agent(["-r", "UptimeCollector"]).stdout, /\.uptime\.minutes \d+ \d+\n# round 1 done\n$/);
  });

  it("collects as JSON, with all fields", () => {
    const [line] = agent(["collect", "UptimeCollector", "--json"]).stdout.split("\n");
    const { path, value, labels, collector } = JSON.parse(line);
    match(path, /\.uptime\.minutes$/);
    ok(value >= 0);
    deepEqual([labels, collector], [{ unit: "minutes" }, "uptime"]);
  });

  it("says why a collector failed, and ends with 1", () => {
    const { code, stdout, stderr } = agent([
      "collect",
      "LoadAverageCollector",
      "--procfs",
      "/nowhere",
    ]);
    deepEqual([code, stdout], [1, "# round 1 done\n"]);
    match(
      stderr,
      /^LoadAverageCollector: cannot read \/proc\/loadavg: no such file or directory\n$/,
    );
  });

  it("reads another /proc by flag and by environment", () => {
    const proc = join(directory, "proc");
    mkdirSync(proc, { recursive: true });
    writeFileSync(join(proc, "uptime"), "7200.5 1\n");
    match(agent(["collect", "uptime", "--procfs", proc]).stdout, /minutes 120 /);
    match(agent(["collect", "uptime"], { env: { HOST_PROC: proc } }).stdout, /minutes 120 /);
  });

  it("describes and lists everything", () => {
    const { collectors, handlers } = JSON.parse(agent(["list", "--json"]).stdout);
    ok(collectors.length >= 23 && handlers.length >= 3);
    for (const { name } of [...collectors, ...handlers]) {
      match(agent(["describe", name]).stdout, new RegExp(`^${name}: `));
    }
  });

  it("tells what each hostname method gives", () => {
    const { code, stdout } = agent(["hostname"]);
    equal(code, 0);
    equal(stdout.trim().split("\n").length, 12);
    match(stdout, /^\* {2}smart /m);
    const conf = file(
      "host.conf",
      "[server]\nhandlers = NullHandler\n[collectors]\n[[default]]\nhostname_method = shell\nhostname = echo by-shell\n",
    );
    match(agent(["hostname", "-c", conf]).stdout, /^\* {2}shell +by-shell$/m);
  });

  it("ends quietly when nobody reads any more", () => {
    const { stdout, stderr } = spawnSync("/bin/sh", [
      "-c",
      `${executable} collect --all --rounds 3 --round-interval-ms 50 2>/dev/null | head -n 1`,
    ], { encoding: "utf8", env: { PATH: "/usr/bin:/bin" } });
    equal(stdout.split("\n").length, 2);
    equal(stderr, "");
  });
});

/** A configuration that enables nothing is an error of its own. */
const ENABLED = "[collectors]\n[[UptimeCollector]]\nenabled = True\n";

describeWith("check", noExecutable, () => {
  it("0: clean; 1: warnings, with --strict; 2: errors, all at once, with file and line", () => {
    const clean = file(
      "clean.conf",
      `[server]\nhandlers = NullHandler\npid_file = ${directory}/x.pid\n${ENABLED}`,
    );
    equal(agent(["check", "-c", clean]).code, 0);
    equal(agent(["check", "--strict", "-c", clean]).code, 0);

    const open = file("open.conf", readFileSync(clean, "utf8"), 0o666);
    equal(agent(["check", "-c", open]).code, 0);
    const strict = agent(["check", "--strict", "-c", open]);
    equal(strict.code, 1);
    match(strict.stderr, /open\.conf: warning: It can be written by everybody/);

    const bad = file(
      "bad.conf",
      "[server]\nhandlers = NulHandler\nuser = 'x\n[collectors]\n[[CPUCollector]]\nenabled = maybe\npercor = 1\n",
    );
    const { code, stderr } = agent(["check", "-c", bad]);
    equal(code, 2);
    for (
      const line of [
        /bad\.conf:2: error: there is no handler "NulHandler", did you mean "NullHandler"/,
        /bad\.conf:3: error: cannot read the value of "user"/,
        /bad\.conf:6: error: .*"maybe" as a bool/,
        /bad\.conf:7: error: unknown option "percor".*"percore"/,
      ]
    ) {
      match(stderr, line);
    }
  });

  it("finds options of a handler that are right one by one and wrong together, and touches nothing", () => {
    const archive = join(directory, "not-made.log");
    const conf = file(
      "together.conf",
      "[server]\nhandlers = GraphiteClusterHandler, SentryHandler, ArchiveHandler\n" +
        `pid_file = ${directory}/x.pid\n[handlers]\n[[GraphiteClusterHandler]]\nhost = a, a\n` +
        `[[SentryHandler]]\ndsn = nonsense\n[[ArchiveHandler]]\nlog_file = ${archive}\n`,
    );
    const { code, stdout, stderr } = agent(["check", "-c", conf]);
    equal(code, 2);
    match(stderr, /together\.conf:6: error: host names a carbon twice in \[\[GraphiteCluster/);
    match(stderr, /together\.conf:7: error: dsn is not of the form .* in \[\[SentryHandler\]\]/);
    match(stdout, /SentryHandler +missing: /);
    match(stdout, /ArchiveHandler +built in/);
    equal(existsSync(archive), false);
  });

  it("--print shows every value with the line it came from", () => {
    const conf = file(
      "print.conf",
      `[server]\nhandlers = GraphiteHandler,\npid_file = ${directory}/x.pid\n[handlers]\n[[GraphiteHandler]]\nport = 2013\n`,
    );
    const { stdout } = agent(["check", "--print", "-c", conf]);
    match(stdout, /^port = 2013 {2}# .*print\.conf:6$/m);
    match(stdout, /^timeout = 15 {2}# default$/m);
  });

  it("never shows a secret, warns of one that others can read, and takes it from a file", () => {
    const key = file("key", "from-a-file\n", 0o600);
    const conf = (apikey: string) =>
      `[server]\nhandlers = HostedGraphiteHandler\npid_file = ${directory}/x.pid\n[handlers]\n[[HostedGraphiteHandler]]\napikey = ${apikey}\n${ENABLED}`;
    const open = agent([
      "check",
      "--strict",
      "--print",
      "-c",
      file("open-secret.conf", conf("hunter2"), 0o644),
    ]);
    equal(open.code, 1);
    match(
      open.stderr,
      /open-secret\.conf: warning: Others may read this file, and there are secrets in it/,
    );
    match(open.stdout, /^apikey = \*{8} {2}# /m);
    equal((open.stdout + open.stderr).includes("hunter2"), false);
    equal(
      agent(["check", "--strict", "-c", file("closed-secret.conf", conf(`file:${key}`), 0o600)])
        .code,
      0,
    );
    const missing = agent([
      "check",
      "-c",
      file("no-secret.conf", conf("file:/no/such/key"), 0o600),
    ]);
    deepEqual(missing.code, 2);
    match(
      missing.stderr,
      /no-secret\.conf:6: error: apikey of \[\[HostedGraphiteHandler\]\]: no such file or directory/,
    );
  });

  it("--dump-json prints a tree, or an error with its line", () => {
    equal(
      agent([
        "check",
        "--dump-json",
        file("tree.conf", "a = 1\n[s]\nb = x, %(a)s\n__proto__ = 2\n"),
      ]).stdout,
      '{"a":"1","s":{"b":["x","1"],"__proto__":"2"}}\n',
    );
    const { code, stderr } = agent(["check", "--dump-json", file("broken.conf", "a = 1\na = 2\n")]);
    equal(code, 2);
    match(stderr, /broken\.conf:2: error: duplicate key "a"/);
  });

  it("a file that is no file is one error, and garbage does not reach the terminal", () => {
    const { code, stderr } = agent(["check", "-c", directory]);
    equal(code, 2);
    match(stderr, /error: cannot read the file: it is a directory, not a regular file/);
    equal(stderr.split("\n").filter((line) => line.includes("error:")).length, 1);
    equal(
      /[\0-\x08\x1b]/.test(
        agent(["check", "-c", file("garbage.conf", "\x1b[31m\0 = \x07\n\x1b]0;x\n")]).stderr,
      ),
      false,
    );
  });

  it("a missing file is one line", () => {
    const { code, stderr } = agent(["check", "-c", "/no/such.conf"]);
    equal(code, 1);
    equal(stderr.trim().split("\n").length, 1);
  });

  it("the generated configuration is clean", () => {
    const conf = readFileSync(join(import.meta.dirname!, "../../conf/diamond.conf"), "utf8")
      .replace("[server]\n", `[server]\npid_file = ${directory}/x.pid\n`);
    const { code, stderr } = agent(["check", "--strict", "-c", file("generated.conf", conf)], {
      cwd: directory,
    });
    deepEqual([code, stderr], [0, ""]);
  });

  it("spool: a folder that is not there or cannot be read is an error, not an empty one", () => {
    const empty = join(directory, "spools");
    mkdirSync(empty);
    match(agent(["spool", "ls", "--path", empty]).stdout, /^Nothing waits in/);
    const noFolder = file("no_folder", "");
    for (const path of [join(directory, "absent"), noFolder]) {
      for (const args of [["ls"], ["ls", "--json"], ["verify"], ["drop", "H", "--yes"]]) {
        const { code, stdout, stderr } = agent(["spool", ...args, "--path", path]);
        deepEqual([code, stdout], [1, ""], `${args.join(" ")} of ${path}`);
        match(stderr, /cannot look into the folder ".*" of the spools: /i);
        equal(stderr.includes(" at "), false, "no stack");
      }
    }
  });
});
