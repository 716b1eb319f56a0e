/** Plugins that signal the agent, where root has started it: the kernel refuses. */

import { equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import { lineServer, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { configuration, ticks } from "../harness/own_collectors.ts";
import { notRoot } from "../harness/jail.ts";

const { path: directory, remove } = temporary();
after(remove);

const isKnown = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);
const skipped = noExecutable || notRoot || (isKnown ? false : "no filter for this machine");

const FILES: Readonly<Record<string, string>> = {
  "kills.js":
    "export default {name:'KillsCollector',collect(){for(const pid of [process.ppid,-1])process.kill(pid,'SIGSTOP')}};",
  "spawns.js":
    "import {spawnSync} from 'node:child_process';export default {name:'SpawnsCollector',collect({emit}){emit('status',spawnSync('kill',['-STOP',String(process.ppid)]).status)}};",
  "kills.py":
    "import os, signal\nimport diamond.collector\nclass PythonKillsCollector(diamond.collector.Collector):\n    def collect(self):\n        os.kill(os.getppid(), signal.SIGSTOP)\n",
};

describeWith("plugins that signal the agent that root has started", skipped, () => {
  it("are refused, and so are their children; the agent misses no tick", async () => {
    const server = await lineServer();
    const names = ["Kills", "Spawns", "PythonKills"];
    const sections = names.map((name) => `[[${name}Collector]]\nenabled = True\n`).join("");
    const conf = configuration(
      directory,
      server.port,
      `${sections}[[LoadAverageCollector]]\nenabled = True\n`,
    );
    for (const [name, text] of Object.entries(FILES)) {
      writeFileSync(join(directory, "mine", name), text);
    }
    const running = start(["run", "-f", "-l", "-c", conf]);
    await until("ticks", () => ticks(server.lines, "loadavg.01").length >= 6, 30).catch((error) => {
      throw new Error(`${error.message}\n${running.output().slice(-3000)}`);
    });
    const all = ticks(server.lines, "loadavg.01");
    equal(all.at(-1)! - all[0] + 1, all.length, `every tick: ${all}`);
    equal(await running.end(), 0, running.output());
    match(running.output(), /ERROR.*\sKillsCollector: .*(EPERM|not permitted)/);
    equal(server.lines.some((line) => / 0 \d+$/.test(line) && /Spawns.*status/.test(line)), false);
    await server.close();
  });
});
