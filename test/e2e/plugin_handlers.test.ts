/** Handlers of the operator's own, in the executable: whatever one does costs itself only. */

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import type { Status } from "../../src/agent/status.ts";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

const SINK = "async [Symbol.asyncDispose](){}";
/** What each does, and what its error says; undefined: it delivers. */
const handlers: Readonly<Record<string, [source: string, says: RegExp | undefined]>> = {
  GoodHandler: [
    `open:({host,options})=>({async write(b){const {appendFileSync}=await import("node:fs");for(const m of b)appendFileSync(options.file,m.series.path+" "+m.value+"\\n")},${SINK}}),options:{file:text("","Where to")}`,
    undefined,
  ],
  LoopHandler: [`open:()=>({write(){for(;;);},${SINK}})`, /did not take|was killed|starts again/],
  OpenLoopHandler: ["open(){for(;;);}", /did not take|was killed|starts again/],
  OpenThrowsHandler: ["open(){throw new Error('no door')}", /no door/],
  OpenNullHandler: ["open(){return null}", /"open" returns null without "write"/],
  ExitHandler: [`open:()=>({write(){process.exit(7)},${SINK}})`, /ended with 7|starts again/],
  MutateHandler: [
    `open:()=>({write(b){for(const m of b){m.value=NaN;m.series.path="hacked"} b.length=0},${SINK}})`,
    undefined,
  ],
  EndThrowsHandler: ["open:()=>({async write(){},[Symbol.asyncDispose](){throw 1}})", undefined],
};

function configuration(base: string): string {
  mkdirSync(join(base, "h"), { recursive: true });
  const names = Object.keys(handlers);
  for (const name of names) {
    writeFileSync(
      join(base, "h", `${name}.js`),
      `import { text } from "diamond-agent";\nexport default { name: "${name}", receipt: "transport", ${
        handlers[name][0]
      } };\n`,
    );
  }
  const conf = join(base, "diamond.conf");
  writeFileSync(
    conf,
    `[server]\nstate_path = ${base}/state\npid_file = ${base}/pid\nsocket = ${base}/s\nhandlers = ArchiveHandler, ${
      names.join(", ")
    }\nhandlers_path = ${base}/h\n[handlers]\n[[default]]\ntimeout = 1\nretry_max_interval = 1\n[[ArchiveHandler]]\nlog_file = ${base}/archive\ndays = 0\n[[GoodHandler]]\nfile = ${base}/good\n[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n[[LoadAverageCollector]]\nenabled = True\n`,
  );
  return conf;
}

describeWith("handlers of the operator's own in the executable", noExecutable, () => {
  it("one that hangs, throws, exits or changes its batch costs itself only", async () => {
    const base = join(directory, "evil");
    const conf = configuration(base);
    const running = start(["run", "-f", "-c", conf]);
    const archive = () => lines(join(base, "archive"));
    await until("it runs", () => archive().length > 0, 20).catch((error) => {
      throw new Error(`${error.message}\n${running.output()}`);
    });
    await until("eight ticks", () => new Set(archive().map(timeOf)).size >= 8, 20);
    const status = JSON.parse(
      agent(["status", "--socket", join(base, "s"), "--json"]).stdout,
    ) as Status;
    for (const [name, [, says]] of Object.entries(handlers)) {
      const handler = status.handlers.find((one) => one.name === name)!;
      equal(handler.imbalance, 0, name);
      if (says === undefined) equal(handler.delivered > 0, true, `${name} delivers`);
      else match(handler.error?.message ?? "", says, name);
    }
    equal(await running.end(), 0, running.output());
    const times = [...new Set(archive().map(timeOf))].map(Number).sort();
    equal(times.at(-1)! - times[0] + 1, times.length, `every tick: ${times}`);
    equal(archive().some((line) => /hacked|NaN|nan/.test(line)), false);
    equal(lines(join(base, "good")).length > 0, true, "its options arrive");
    deepEqual(lines(join(base, "good")).filter((line) => /hacked/.test(line)), []);
  });
});

const timeOf = (line: string) => line.split(" ")[2];

function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
  } catch {
    return [];
  }
}
