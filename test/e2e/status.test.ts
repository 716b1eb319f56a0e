/** What the executable says of itself: at a start with errors, at a reload with errors, of what has no data. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import {
  agent,
  executable,
  freePort,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { pythons } from "../harness/pythons.ts";

const { path: directory, remove } = temporary();
after(remove);
chmodSync(directory, 0o755);
const isRoot = process.getuid?.() === 0;
let number = 0;

const SOUND = "[[LoadAverageCollector]]\nenabled = True\n";

function configuration(collectors: string, more: { server?: string; handlers?: string } = {}) {
  const base = join(directory, `s${number++}`);
  mkdirSync(join(base, "mine"), { recursive: true });
  const conf = join(base, "diamond.conf");
  const write = (text: string) =>
    writeFileSync(
      conf,
      `[server]\nhandlers = ArchiveHandler\nstate_path = ${base}/state\npid_file = ${base}/agent.pid\n${
        more.server ?? ""
      }[handlers]\n[[ArchiveHandler]]\nlog_file = ${base}/archive.log\n${more.handlers ?? ""}` +
        `[collectors]\n[[default]]\ninterval = 1\nhostname = h\n${text}`,
    );
  write(collectors);
  const status = () => {
    const { code, stdout } = agent(["status", "-c", conf, "--json"]);
    return { code, ...JSON.parse(stdout) };
  };
  const archive = () => readFileSync(`${base}/archive.log`, "utf8");
  return { base, conf, write, status, archive };
}

type Part = { name: string; state: string; error?: { message: string; advice: string } };

describeWith("a configuration with errors", noExecutable, () => {
  it("at a reload is refused as a whole: exit 1, the problems, degraded until it is right", async () => {
    const { conf, write, status, archive } = configuration(SOUND);
    const running = start(["run", "-f", "-c", conf]);
    await until("it is healthy", () => agent(["status", "-c", conf]).code === 0);
    const text = readFileSync(conf, "utf8");
    const more = `${SOUND}[[CPUCollector]]\nenabled = True\n[[MemoryCollector]]\nenabled = True\n`;
    write(more);
    writeFileSync(conf, readFileSync(conf, "utf8").replace("interval = 1", "interval = 2s"));
    const { code, stderr } = agent(["reload", "-c", conf]);
    equal(code, 1);
    match(stderr, /^diamond-agent: The agent goes on as it was: \d errors in the configuration\n/);
    match(stderr, /diamond\.conf:\d+: error: interval of \[\[CPUCollector\]\]: cannot read "2s"/);
    const refused = status();
    equal(refused.code, 1);
    match(refused.degraded.join(), /^on disk: \d errors, not in force since /);
    const points = archive().length;
    await until("the old one goes on", () => archive().length > points);
    writeFileSync(conf, text);
    equal(status().code, 0, "the one on disk is the one in force");
    write(more);
    equal(agent(["reload", "-c", conf]).stdout.includes("collector CPUCollector is new"), true);
    await until("it is healthy again", () => agent(["status", "-c", conf]).code === 0);
    equal(await running.end(), 0);
  });

  it("at the start runs what is valid, and tells the terminal what is not", async () => {
    const { conf, base, status } = configuration(
      `${SOUND}[[CPUCollector]]\nenabled = True\ninterval = soon\n[[NoSuchCollector]]\nenabled = True\n`,
      { server: "max_memory = lots\n" },
    );
    const { code, stderr } = agent(["-c", conf]);
    const pid = Number(readFileSync(`${base}/agent.pid`, "utf8"));
    equal(code, 0);
    match(stderr, /diamond\.conf:\d+: error: max_memory of \[server\]: cannot read "lots"/);
    match(stderr, /diamond\.conf:\d+: error: interval of \[\[CPUCollector\]\]: cannot read "soon"/);
    match(stderr, /diamond\.conf:\d+: error: there is no collector "NoSuchCollector"/);
    await until("it answers", () => agent(["status", "-c", conf]).code === 1);
    const { collectors, configuration: inForce } = status();
    const states = collectors.map(({ name, state }: Part) => `${name} ${state}`);
    ok(states.includes("CPUCollector missing") && states.includes("NoSuchCollector missing"));
    equal(inForce.problems.length, 2);
    process.kill(pid, "SIGTERM");
    await until("it has ended", () => agent(["status", "-c", conf]).code === 3);
  });

  it("does not start where no collector or no handler is left", () => {
    const none = configuration("[[CPUCollector]]\nenabled = True\ninterval = soon\n");
    const lost = configuration(SOUND, { handlers: "rotate = maybe\ndays = many\n" });
    for (const flags of [[], ["-f"]]) {
      for (const { conf } of [none, lost]) {
        const { code, stderr } = agent([...flags, "-c", conf]);
        equal(code, 1);
        match(stderr, /diamond\.conf:\d+: error: .*(soon|maybe|many)/);
      }
    }
  });
});

describeWith("what cannot be had at the start", noExecutable, () => {
  it("is tried again: the control socket, the log, the host's name", async () => {
    const { conf, base, archive } = configuration(
      `hostname_method = shell\n${SOUND}`,
      { server: `socket = ${directory}/s${number}/late/agent.sock\n` },
    );
    const late = join(base, "late");
    writeFileSync(late, "a file where a folder should be");
    const text = readFileSync(conf, "utf8").replace("hostname = h", `hostname = cat ${late}/name`);
    writeFileSync(
      conf,
      `${text}[loggers]\nkeys = root\n[logger_root]\nlevel = DEBUG\nhandlers = f\n[handler_f]\nclass = FileHandler\nargs = ('${late}/agent.log',)\n`,
    );
    const running = start(["run", "-f", "-c", conf]);
    await until("it says so", () => /agent\.log.*the log goes to stderr/.test(running.output()));
    await until("it waits for its name", () => /name cannot be found/.test(running.output()));
    rmSync(late);
    mkdirSync(late);
    writeFileSync(join(late, "name"), "web7\n");
    await until("it is healthy", () => agent(["status", "-c", conf]).code === 0, 25);
    deepEqual(new Set(archive().match(/^servers\.[^.]+\./gm)), new Set(["servers.web7."]));
    await new Promise((resolve) => setTimeout(resolve, 5500));
    process.kill(running.pid, "SIGHUP");
    await until("it logs", () => existsSync(join(late, "agent.log")));
    equal(await running.end(), 0);
  });
});

describeWith("status", noExecutable, () => {
  it("shows what has no data, with its last words and the right advice", async () => {
    const port = await freePort();
    const python = pythons[0];
    const { conf, base, status } = configuration(
      `${SOUND}[[QuietCollector]]\nenabled = True\n[[AwayCollector]]\nenabled = True\n` +
        (python === undefined
          ? ""
          : "[[ShelfCollector]]\nenabled = True\n[[NameCollector]]\nenabled = True\n"),
      {
        server: `collectors_path = ${directory}/s${number}/mine\n${
          python === undefined ? "" : `python = ${python.path}\n`
        }`,
      },
    );
    writeFileSync(
      join(base, "mine/quiet.ts"),
      `export default { name: "QuietCollector", collect({ log }) { log.warn("the cupboard is bare"); } };\n`,
    );
    writeFileSync(
      join(base, "mine/away.ts"),
      `import { connect } from "node:net";\nexport default { name: "AwayCollector", collect: () => new Promise((resolve, reject) => connect(${port}, "127.0.0.1").on("error", reject)) };\n`,
    );
    writeFileSync(
      join(base, "mine/shelf.py"),
      "import diamond.collector\nclass ShelfCollector(diamond.collector.Collector):\n    def collect(self):\n        self.log.error('no shelf at %s', 'x1')\nclass NameCollector(diamond.collector.Collector):\n    def collect(self):\n        nothing_of_that_name()\n",
    );
    const running = start(["run", "-f", "-c", conf]);
    const states = () =>
      Object.fromEntries(
        status().collectors.map((one: Part) => [one.name, `${one.state}: ${one.error?.message}`]),
      );
    const wanted: Record<string, RegExp> = {
      LoadAverageCollector: /^ok/,
      QuietCollector: /^no data: the cupboard is bare$/,
      AwayCollector: /^no data: .*connection refused/,
      ...(python === undefined ? {} : {
        ShelfCollector: /^no data: no shelf at x1$/,
        NameCollector: /^failing: .*NameError/,
      }),
    };
    await until("they are known", () => agent(["status", "-c", conf]).code === 1);
    await until("all are as they should be", () => {
      const found = states();
      return Object.entries(wanted).every(([name, pattern]) => pattern.test(found[name]));
    });
    const { stdout } = agent(["status", "-c", conf]);
    match(stdout, /^Degraded: .*QuietCollector has no data/);
    match(stdout, /ArchiveHandler to \S+archive\.log: ok/);
    ok(!stdout.includes("report it"), stdout);
    const away = () => status().collectors.find(({ name }: Part) => name === "AwayCollector");
    await until("it was tried eight times", () => away().runs >= 8);
    ok(away().skipped <= 2, "no back-off");
    equal(running.output().split("AwayCollector finds no data").length <= 2, true);
    equal(await running.end(), 0);
  });

  it("exits with 4 where this user may not ask", {
    skip: isRoot ? false : "needs root",
  }, async () => {
    const { conf, base } = configuration(SOUND);
    const running = start(["run", "-f", "-c", conf]);
    await until("it is healthy", () => agent(["status", "-c", conf]).code === 0);
    const copy = join(base, "agent");
    copyFileSync(executable, copy);
    chmodSync(copy, 0o755);
    const asNobody = () =>
      spawnSync(copy, ["status", "-c", conf], { uid: 65534, gid: 65534, cwd: "/", env: {} });
    deepEqual([asNobody().status, asNobody().stdout.length], [4, 0]);
    chmodSync(conf, 0o600);
    equal(asNobody().status, 4);
    equal(await running.end(), 0);
    equal(agent(["status", "-c", conf]).code, 3);
  });
});
