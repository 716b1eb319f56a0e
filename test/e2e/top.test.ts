/** `top` and `tap` on the executable, in a terminal and without one. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, it } from "node:test";
import {
  agent,
  executable,
  noExecutable,
  type Running,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { noTmux, openPane, type Pane } from "../harness/tmux.ts";

const { path: base, remove } = temporary();
const conf = join(base, "diamond.conf");
let running: Running;
before(async () => {
  if (noExecutable) return;
  mkdirSync(join(base, "state"));
  writeFileSync(
    conf,
    `[server]
handlers = ArchiveHandler, HistoryHandler
state_path = ${base}/state
pid_file = ${base}/agent.pid
[handlers]
[[ArchiveHandler]]
log_file = ${base}/archive.log
[[HistoryHandler]]
path = ${base}/history.db
[collectors]
[[default]]
interval = 1
hostname = web-1
[[LoadAverageCollector]]
enabled = True
[[MemoryCollector]]
enabled = True
[[CPUCollector]]
enabled = True
[[PingCollector]]
enabled = True
`,
  );
  running = start(["run", "-f", "-c", conf]);
  await until("it delivers", () => agent(["tap", "-c", conf, "--count", "1"]).code === 0);
});
after(async () => {
  await running?.end();
  remove();
});

describeWith("tap", noExecutable, () => {
  it("prints the points that match as they are delivered, as lines or as JSON", () => {
    const lines = agent(["tap", "-c", conf, "--match", "*.loadavg.0?", "--count", "3"]);
    equal(lines.code, 0);
    match(lines.stdout, /^(servers\.web-1\.loadavg\.0[15] [\d.]+ \d+\n){3}$/);
    const { stdout } = agent(["tap", "-c", conf, "--match", "memfree", "--count", "1", "--json"]);
    const { path, unit, collector } = JSON.parse(stdout);
    deepEqual([path, unit, collector], ["servers.web-1.memory.MemFree", "byte", "memory"]);
  });

  it("prints what a handler has delivered, and knows the handlers", () => {
    const args = ["tap", "-c", conf, "--handler", "ArchiveHandler", "--match", "loadavg.15"];
    const { stdout } = agent([...args, "--count", "1"]);
    ok(readFileSync(join(base, "archive.log"), "utf8").includes(stdout));
    const unknown = agent(["tap", "-c", conf, "--handler", "Nope"]);
    equal(unknown.code, 1);
    equal(
      unknown.stderr,
      'diamond-agent: the agent has no handler "Nope", only ArchiveHandler, HistoryHandler\n',
    );
  });

  it("ends quietly with its reader, and says why it cannot begin", () => {
    const piped = spawnSync("sh", ["-c", `${executable} tap -c ${conf} | head -n 2`], {
      encoding: "utf8",
    });
    deepEqual([piped.stdout.split("\n").length, piped.stderr], [3, ""]);
    const nowhere = agent(["tap", "--socket", join(base, "none.sock")]);
    equal(nowhere.code, 3);
    match(nowhere.stderr, /^diamond-agent: not running: no agent answers at /);
    equal(agent(["tap", "-c", conf, "--count", "0"]).code, 2);
  });

  it("ends quietly on Ctrl-C", async () => {
    const child = spawn(executable, ["tap", "-c", conf], { stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk) => (errors += chunk));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGINT");
    await new Promise((resolve) => child.once("close", resolve));
    equal(errors, "");
  });
});

describeWith("top without a terminal", noExecutable, () => {
  it("prints all of it once, without colours", () => {
    const { code, stdout } = agent(["top", "-c", conf], { env: { LC_ALL: "C.UTF-8" } });
    equal(code, 0);
    match(stdout, /^ \S+ +diamond-agent \d+\.\d+\.\d+ {2}up [\d.]+ s /);
    match(stdout, /^ ▲ PingCollector has no data since \d\d:\d\d:\d\d/m);
    match(stdout, /^ Load +[▁-█ ]+ +[\d.]+ {2}1 min /m);
    match(stdout, /^ {2}ArchiveHandler +ok .* \/\S+$/m);
    match(stdout, /^ {2}MemoryCollector +ok +1 s /m);
    match(stdout, /^ {2}servers\.web-1\.loadavg\.01 +[\d.]+ +[\d.]+ s +LoadAverageCollector$/m);
    equal(stdout.includes("\x1b"), false);
  });

  it("is ASCII alone where the locale has no more, and shows the metrics that match", () => {
    const { stdout } = agent(["top", "-c", conf, "--match", "loadavg"]);
    match(stdout, /^[\x20-\x7e\n]*$/);
    match(stdout, /^ Metrics 8$/m);
  });

  it("shows a time of the past, and refuses what is none", () => {
    match(
      agent(["top", "-c", conf, "--at", "-1s"]).stdout,
      /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, \d s ago/,
    );
    const wrong = agent(["top", "-c", conf, "--at", "soon"]);
    deepEqual([wrong.code, wrong.stderr.split("\n")[0]], [
      2,
      'diamond-agent: --at needs a time such as 03:12, -2h or 2026-11-28T03:12, not "soon"',
    ]);
    equal(agent(["top", "--socket", join(base, "none.sock")]).code, 3);
  });
});

describeWith("top in a terminal", noExecutable || noTmux, () => {
  let pane: Pane;
  afterEach(() => pane.close());

  async function open(columns: number, rows: number, args = "", env = {}): Promise<Pane> {
    pane = openPane(columns, rows, env);
    await until("the shell is there", () => pane.screen().startsWith("$"));
    pane.type(`${executable} top -c ${conf} ${args}; echo status $?`);
    pane.press("Enter");
    await shows(/Metrics \d/);
    return pane;
  }
  const shows = (text: RegExp) => until(`${text} is on the screen`, () => text.test(pane.screen()));
  const isBack = () => until("the shell is back", () => !pane.isAlternate);

  it("shows header, charts and tables at 80×24, and gives the terminal back", async () => {
    await open(80, 24);
    ok(pane.isAlternate);
    const lines = pane.screen().split("\n");
    equal(lines.length, 24);
    match(lines[0], /diamond-agent .* up .* CPU .* memory .* \d\d:\d\d:\d\d$/);
    match(lines[1], /PingCollector has no data since/);
    match(pane.screen(), /^─┤ Handlers 2 ├ Collectors 5 {2}Metrics \d+ ─+$/m);
    match(lines[23], /q quit .* \? help/);
    pane.press("q");
    await isBack();
    await shows(/^status 0$/m);
    pane.type("stty -a");
    pane.press("Enter");
    await shows(/ icanon/);
  });

  it("searches, sorts, explains a metric, and goes back", async () => {
    await open(100, 30);
    pane.press("3", "/");
    pane.type("loadavg");
    await shows(/ filter: loadavg_/);
    await shows(/┤ Metrics 8 ├/);
    pane.press("Enter", "s", "Down", "f", "Enter");
    await shows(/^─ servers\.web-1\.loadavg\.\w+ ─/m);
    await shows(/\/proc\/loadavg/);
    pane.press("Escape");
    await shows(/Value ▼/);
    match(pane.screen(), /follows the row, filter "loadavg"/);
    pane.press("C-c");
    await isBack();
  });

  it("pauses and goes on, steps into the past and comes back", async () => {
    await open(80, 24, "--interval 0.2");
    pane.press("p");
    await shows(/paused \d\d:\d\d:\d\d$/m);
    const paused = pane.screen().split("\n")[0];
    await new Promise((resolve) => setTimeout(resolve, 1500));
    equal(pane.screen().split("\n")[0], paused);
    pane.press("p", "Left");
    await shows(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, \d+ s ago$/m);
    await shows(/as of now/);
    pane.press("n");
    await until("it is now", () => !pane.screen().includes(" ago\n"));
  });

  it("takes another size of the terminal, also one that is too small", async () => {
    await open(80, 24);
    pane.resize(200, 50);
    await shows(/Metric ▲[^]*─ Collectors 5 ─/);
    pane.resize(60, 20);
    await shows(/^60x20: top needs 80x24$/m);
    pane.resize(80, 24);
    await shows(/q quit .* \? help/);
    pane.press("q");
    await isBack();
    await until("nothing is left behind", () => !pane.screen().includes("Collectors"));
  });

  for (const signal of ["TERM", "INT", "HUP"]) {
    it(`gives the terminal back on SIG${signal}`, async () => {
      await open(80, 24);
      const pid = pidOf(`${executable} top -c ${conf}`);
      spawnSync("kill", [`-${signal}`, pid]);
      await isBack();
      // A shell leaves the rest of a line after Ctrl-C.
      if (signal !== "INT") await shows(/^status 1\d\d$/m);
      await shows(/^\$$/m);
      pane.type("stty -a");
      pane.press("Enter");
      await shows(/ icanon/);
    });
  }

  it("gives the terminal back while it is stopped, and draws again when it goes on", async () => {
    await open(80, 24);
    const pid = pidOf(`${executable} top -c ${conf}`);
    pane.press("C-z");
    await isBack();
    const goesOn = async () => {
      await shows(/^\$$/m);
      pane.type("clear; fg");
      pane.press("Enter");
      await until("it is drawn", () => pane.isAlternate && pane.screen().includes("Handlers 2"));
    };
    await goesOn();
    spawnSync("kill", ["-TSTP", pid]);
    await isBack();
    await goesOn();
    pane.press("q");
    await isBack();
  });

  it("has no colours where the operator wants none", async () => {
    await open(80, 24, "", { NO_COLOR: "1" });
    equal(pane.painted().includes("\x1b"), false);
    pane.close();
    await open(80, 24);
    match(pane.painted(), /\x1b\[31m/);
  });
});

/** The one process with this command line. */
function pidOf(command: string): string {
  return spawnSync("pgrep", ["-f", `^${command}`], { encoding: "utf8" }).stdout.trim().split(
    "\n",
  )[0];
}
