/** Where the log goes: to a file that is named where nobody sees a terminal, and never twice to one. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);

function configuration(name: string, more = ""): string {
  const path = join(directory, `${name}.conf`);
  writeFileSync(
    path,
    `[server]
handlers = NullHandler
user =
group =
pid_file = ${directory}/${name}.pid
state_path = ${directory}/${name}
[collectors]
[[LoadAverageCollector]]
enabled = True
${more}`,
  );
  return path;
}

const CONSOLE = (args: string, kind: string) =>
  `[loggers]
keys = root
[logger_root]
level = INFO
handlers = console
[handler_console]
class = ${kind}
args = ${args}
`;

describeWith("the log", noExecutable, () => {
  it("of an agent in the background is in a file that the parent and status name", async () => {
    const conf = configuration("background");
    const begun = agent(["run", "-c", conf]);
    const log = join(directory, "background", "diamond-agent.log");
    const [pid] = /\d+/.exec(begun.stdout)!;
    try {
      deepEqual([begun.code, begun.stderr], [0, ""]);
      equal(
        begun.stdout,
        `diamond-agent runs in the background as process ${pid}\n` +
          `log: ${log}\nhow it is: diamond-agent status -c ${conf}\n`,
      );
      match(readFileSync(log, "utf8"), /INFO.* runs 2 collectors into NullHandler\n/);
      const { log: places } = JSON.parse(agent(["status", "--json", "-c", conf]).stdout);
      deepEqual(places, [log]);
      match(agent(["status", "-c", conf]).stdout, new RegExp(`^log ${log}$`, "m"));
    } finally {
      process.kill(Number(pid), "SIGTERM");
    }
    await until("it has stopped", () => readFileSync(log, "utf8").includes("Stopped"));
  });

  for (
    const [name, more] of [
      ["without loggers", ""],
      ["with stdout", CONSOLE("(sys.stdout,)", "StreamHandler")],
      ["with stderr", CONSOLE("(sys.stderr,)", "StreamHandler")],
      ["with /dev/stderr", CONSOLE("('/dev/stderr', 'a')", "FileHandler")],
    ]
  ) {
    it(`run -f -l ${name} prints each line once`, async () => {
      const running = start([
        "run",
        "-f",
        "-l",
        "-c",
        configuration(name.replaceAll(/\W/g, ""), more),
      ]);
      await until("it runs", () => running.output().includes("runs 2 collectors"));
      await running.end();
      equal(running.output().split("runs 2 collectors").length - 1, 1, running.output());
    });
  }
});
