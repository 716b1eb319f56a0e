/** Collectors of the operator's own, in the executable and from source: they run, and nothing that they do stops the others. */

import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, it } from "node:test";
import {
  agent,
  executable,
  lineServer,
  noExecutable,
  root,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { noCarbon, startCarbon } from "../harness/carbon.ts";
import { configuration, step, ticks, untilStored } from "../harness/own_collectors.ts";
import { describeWith } from "../harness/describe_with.ts";
import { makeJail, notRoot } from "../harness/jail.ts";

const { path: directory, remove } = temporary();
after(remove);

const HEAD = 'import { defineCollector, gauge } from "diamond-agent";\n';
/** Publishes the time that its own work took. */
const EXAMPLE = `${HEAD}import { work } from "./lib/work.ts";
export default defineCollector({
  name: "ExampleCollector",
  doc: "Times its own work",
  path: "ExampleCollector",
  options: {},
  metrics: { "my.example.metric": gauge("Time that the work took", 3, "ms") },
  collect({ emit }) {
    const start = performance.now();
    work();
    emit("my.example.metric", performance.now() - start);
  },
});
`;
const WORK =
  "export function work(): number { let sum = 0; for (let i = 0; i < 1e5; i++) sum += i; return sum; }\n";

function makeExample(base: string): void {
  mkdirSync(join(base, "mine/lib"), { recursive: true });
  mkdirSync(join(base, "conf"), { recursive: true });
  writeFileSync(join(base, "mine/example.ts"), EXAMPLE);
  writeFileSync(join(base, "mine/lib/work.ts"), WORK);
  writeFileSync(join(base, "conf/ExampleCollector.conf"), "enabled = True\n");
}

const PATH = "servers.web1.ExampleCollector.my.example.metric";

describeWith(
  "a collector of the operator's own reaches a real carbon",
  noExecutable || noCarbon,
  () => {
    const ways: readonly [string, string, readonly string[]][] = [
      ["the executable", executable, []],
      ["Bun", join(root, "node_modules/.bin/bun"), [join(root, "src/main.ts")]],
      ["Deno", join(root, "node_modules/.bin/deno"), ["run", "-A", join(root, "src/main.ts")]],
    ];
    for (const [name, program, args] of ways) {
      it(`under ${name}`, async () => {
        const base = join(directory, name.replaceAll(" ", "_"));
        makeExample(base);
        const carbon = await startCarbon(join(base, "carbon"));
        const more = `collectors_config_path = ${base}/conf\n`;
        const conf = configuration(base, carbon.port, "", more);
        const running = start([...args, "run", "-lf", "-c", conf, "--skip-pidfile"], { program });
        await untilStored(carbon, running, PATH);
        equal(await running.end(), 0);
        await carbon.stop();
      });
    }

    it("in a chroot that holds nothing else", { skip: notRoot !== false }, async () => {
      const base = join(directory, "jail");
      makeExample(base);
      const carbon = await startCarbon(join(directory, "jailed_carbon"));
      const jail = makeJail(base);
      try {
        writeFileSync(
          join(base, "diamond.conf"),
          `[server]\nstate_path = off\nhandlers = GraphiteHandler\ncollectors_path = /mine\ncollectors_config_path = /conf\n[handlers]\n[[GraphiteHandler]]\nhost = 127.0.0.1\nport = ${carbon.port}\n[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n`,
        );
        const running = jail.start(["run", "-lf", "-c", "/diamond.conf", "--skip-pidfile"]);
        await untilStored(carbon, running, PATH);
        equal(await running.end(), 0);
      } finally {
        jail.leave();
      }
      await carbon.stop();
    });
  },
);

describeWith("a new collector", noExecutable, () => {
  it("is written, runs as it is, and nothing is overwritten", () => {
    const dir = join(directory, "new");
    const made = agent(["new", "collector", "Queue", "--dir", dir]);
    equal(`${made.code} ${made.stderr}`, "0 ");
    const tried = agent(["collect", join(dir, "queue.ts")]);
    equal(`${tried.code} ${tried.stderr}`, "0 ");
    match(tried.stdout, /^servers\.\S+\.queue\.lines \d+ \d+\n# round 1 done\n$/);
    const [code, folder] = [join(dir, "queue.ts"), join(dir, "test_queue")];
    const tested = agent(["test", code, folder]);
    equal(`${tested.code} ${tested.stderr}`, "0 ");
    match(tested.stdout, /^QueueCollector publishes what is in .*metrics\.txt\n$/);
    writeFileSync(join(folder, "10s/proc/net/tcp"), "one\n");
    const differs = agent(["test", code, folder]);
    equal(differs.code, 1);
    match(differs.stdout, /^- queue\.lines 4 {3}# 10s\n\+ queue\.lines 1 {3}# 10s\n2 lines differ/);
    equal(agent(["test", code, folder, "--update"]).code, 0);
    equal(agent(["test", code, folder]).code, 0);
    const again = agent(["new", "collector", "Queue", "--dir", dir]);
    match(
      `${again.code} ${again.stderr}`,
      /^1 diamond-agent: cannot write ".*queue\.ts": .*exists/,
    );
    writeFileSync(join(dir, "bad.js"), "export default { name: 'B' };\n");
    writeFileSync(join(dir, "helper.js"), "export const x = 1;\n");
    for (
      const [file, says] of [
        ["bad.js", /has no function "collect"/],
        ["helper.js", /exports no collector or handler/],
        ["nowhere.js", /nowhere\.js: is not there/],
      ] as const
    ) {
      for (const command of ["collect", "describe"]) {
        const { code, stderr } = agent([command, join(dir, file)]);
        equal(code, 1);
        match(stderr, says);
      }
    }
    match(agent(["describe", join(dir, "queue.ts")]).stdout, /^QueueCollector: /);
    equal(agent(["new", "collector"]).code, 2);
    equal(agent(["new", "collector", "a/b", "--dir", dir]).code, 2);
  });
});

describeWith("what a collector reads", noExecutable, () => {
  it("is recorded, and tested with what was recorded", () => {
    const dir = join(directory, "recorded");
    for (const name of ["LoadAverageCollector", "DiskSpaceCollector"]) {
      const folder = join(dir, name);
      const recorded = agent(["record", name, folder, "--seconds", "1"]);
      equal(`${recorded.code} ${recorded.stderr}`, "0 ");
      match(recorded.stdout, /0s: \d+ metrics\n.*1s: [1-9]\d* metrics\n/);
      equal(agent(["test", name, folder]).code, 1, "there is nothing to compare with");
      equal(agent(["test", name, folder, "--update"]).code, 0);
      const { code, stdout } = agent(["test", name, folder]);
      equal(code, 0, stdout);
    }
    const loads = readFileSync(join(dir, "LoadAverageCollector/1s/proc/loadavg"), "utf8");
    const published = readFileSync(join(dir, "LoadAverageCollector/metrics.txt"), "utf8");
    ok(published.includes(`loadavg.01 ${loads.split(" ")[0]}`), published);
    const own = join(dir, "own.js");
    writeFileSync(
      own,
      `export default { name: "OwnCollector", async collect({ host, emit, signal }) {
        const { stdout } = await host.exec.run(["/bin/echo", "12"], { signal });
        emit("echo", Number(stdout));
      } };\n`,
    );
    equal(agent(["record", own, join(dir, "own"), "--seconds", "1"]).code, 0);
    equal(agent(["test", own, join(dir, "own"), "--update"]).code, 0);
    match(readFileSync(join(dir, "own/metrics.txt"), "utf8"), /OwnCollector\.echo 12\n/);
    match(agent(["test", own, join(dir, "nowhere")]).stderr, /no such file|cannot read/i);
    equal(agent(["record", own]).code, 2);
    equal(agent(["record", own, dir, "--seconds", "x"]).code, 2);
  });

  it("has types, which the worked example and a new collector stand", () => {
    const dir = join(directory, "typed");
    makeExample(dir);
    equal(agent(["new", "collector", "Queue", "--dir", join(dir, "mine")]).code, 0);
    equal(agent(["types", join(dir, "mine")]).code, 0);
    writeFileSync(
      join(dir, "mine/wrong.ts"),
      `${HEAD}export default defineCollector({ name: "W", doc: "", path: "w", options: {}, metrics: { a: gauge("") }, collect({ emit }) { emit("b", "1"); } });\n`,
    );
    const { stdout } = spawnSync(process.execPath, [
      join(root, "node_modules/typescript/bin/tsc"),
      ...["-p", join(dir, "mine")],
    ], { encoding: "utf8" });
    match(stdout, /wrong\.ts\(2,\d+\): error TS2345: .*"b".*"a"/m);
    equal(stdout.split("error TS").length, 2, stdout);
    equal(agent(["types"]).code, 2);
  });
});

/** Each is one mistake, and what is to be read of it. */
const mistakes: Readonly<Record<string, readonly [code: string, says: RegExp]>> = {
  Throws: [`collect() { throw new Error("on purpose"); }`, /ThrowsCollector: .*on purpose/],
  Rejects: [
    `async collect() { await new Promise((r) => setTimeout(r, 100)); throw new Error("too late"); }`,
    /RejectsCollector: .*too late/,
  ],
  Stray: [
    `collect({ emit }) { setTimeout(() => { throw new Error("astray"); }, 10); emit("fine", 1); }`,
    /nobody caught: Error: astray/,
  ],
  Never: [
    `collect: () => new Promise(() => {})`,
    /NeverCollector: The (last run has still not ended|run took longer than)/,
  ],
  Endless: [`collect() { for (;;); }`, /EndlessCollector.*(let it go on|longer than)/],
  Flood: [
    `collect({ emit }) { for (let i = 0; i < 1e7; i++) emit("n" + i, i); }`,
    /FloodCollector: it emits more than 100000 values in a run|FloodCollector did not let it go on/,
  ],
  NaN: [`collect({ emit }) { emit("bad", NaN); emit("good", 1); }`, /NaNCollector: .*is NaN/],
  Names: [`collect({ emit }) { emit("a b\\nservers.evil.x 1 1\\n", 1); }`, /runs \d+ collectors/],
  Exits: [`collect() { process.exit(7); }`, /custom collectors ended with 7/],
  Eats: [
    `collect() { (globalThis.kept ??= []).push(new Uint8Array(4e8).fill(1)); return new Promise((r) => setTimeout(r, 3000)); }`,
    /took \d+ MB, more than its 256 MB, and was killed/,
  ],
};

describeWith("mistakes of a collector of the operator's own", noExecutable, () => {
  for (const [name, [code, says]] of Object.entries(mistakes)) {
    it(`${name}: the others have every tick`, async () => {
      const base = join(directory, `mistake_${name}`);
      const server = await lineServer();
      const conf = configuration(
        base,
        server.port,
        `[[${name}Collector]]\nenabled = True\ninterval = 2\n[[LoadAverageCollector]]\nenabled = True\n[[GoodCollector]]\nenabled = True\n`,
      );
      writeFileSync(
        join(base, "mine/bad.js"),
        `export default { name: "${name}Collector", ${code} };\n`,
      );
      writeFileSync(
        join(base, "mine/good.js"),
        `export default { name: "GoodCollector", collect({ emit }) { emit("value", 1); } };\n`,
      );
      const running = start(["run", "-lf", "-c", conf]);
      await until(`it says ${says}`, () => says.test(running.output()), 20).catch((error) => {
        throw new Error(`${error.message}\n${running.output().slice(-3000)}`);
      });
      const from = server.lines.length;
      await until("it goes on", () => ticks(server.lines.slice(from), "loadavg.01").length >= 3);
      if (name !== "Exits" && name !== "Endless" && name !== "Eats") {
        const works = () => ticks(server.lines, "GoodCollector.value").length >= 3;
        await until("its neighbour works", works, 30);
      }
      equal(await running.end(), 0, running.output());
      const all = ticks(server.lines, "loadavg.01");
      equal(all.at(-1)! - all[0] + 1, all.length, `every tick: ${all}`);
      equal(
        server.lines.filter((line) => !/^servers\.web1\.[^ ]+ [^ ]+ \d+$/.test(line)).length,
        0,
      );
      await server.close();
    });
  }

  it(
    "what others may write is refused where the agent is root",
    { skip: notRoot !== false },
    () => {
      const base = join(directory, "writable");
      const conf = configuration(base, 9, "[[GoodCollector]]\nenabled = True\n");
      const file = join(base, "mine/good.js");
      writeFileSync(file, "export default { name: 'GoodCollector', collect() {} };\n");
      chmodSync(file, 0o666);
      const { code, stderr } = agent(["check", "-c", conf]);
      equal(code, 2);
      match(
        stderr,
        /"[^"]*good\.js" can be written by everybody, and the agent, which is root, would run it/,
      );
    },
  );
});

const scripts: Readonly<Record<string, string>> = {
  "plain.sh": "echo plain.value 1.5",
  "graphite.sh": "echo graphite.value 2 $(date +%s)",
  "check_nagios.sh": "echo 'OK - all well | nagios=3;5;9'",
  "json.sh": 'echo \'{"json": {"value": 4}}\'',
  "prometheus.sh": "echo '# TYPE prom_value gauge'; echo 'prom_value{} 5'",
  "hangs.sh": "sleep 600",
  "floods.sh": "head -c 100000000 /dev/zero | tr '\\0' 'x'",
  "forks.sh": "echo forked 6; sleep 30 & ",
};

describeWith("scripts in the executable", noExecutable, () => {
  it("five formats arrive at each run beside one that hangs, one that floods, one that forks", async () => {
    const base = join(directory, "scripts");
    const server = await lineServer();
    mkdirSync(join(base, "scripts"), { recursive: true });
    for (const [name, text] of Object.entries(scripts)) {
      writeFileSync(join(base, "scripts", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    const conf = configuration(
      base,
      server.port,
      `[[UserScriptsCollector]]\nenabled = True\ninterval = 5\nscripts_path = ${base}/scripts\nscript_timeout = 2\n[[LoadAverageCollector]]\nenabled = True\n`,
    );
    const running = start(["run", "-lf", "-c", conf]);
    const values = [
      ...["plain.value 1.5000", "graphite.value 2", "check_nagios.nagios 3"],
      ...["json.value 4", "prom_value 5", "forked 6"],
    ];
    await until(
      "three of each",
      () =>
        values.every((value) =>
          server.lines.filter((line) => line.startsWith(`servers.web1.${value} `)).length >= 3
        ),
      30,
    ).catch((error) => {
      throw new Error(`${error.message}\n${running.output()}\n${server.lines.join("\n")}`);
    });
    const rss = Number(
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${running.pid}/status`, "utf8"))![1],
    );
    console.log(`    RSS ${Math.round(rss / 1024)} MB; its log:\n${running.output()}`);
    ok(rss < 120_000, `${rss} kB`);
    match(running.output(), /hangs\.sh: .*did not end in time and was killed/);
    match(running.output(), /floods\.sh: it prints more than 1048576 bytes/);
    equal(await running.end(), 0);
    const all = ticks(server.lines, "loadavg.01");
    equal(all.at(-1)! - all[0] + 1, all.length, `every tick: ${all}`);
    await server.close();
  });
});

describeWith("the state of a collector of the operator's own", noExecutable, () => {
  it("is put away when the agent stops", async () => {
    const base = join(directory, "disposed");
    const server = await lineServer();
    const conf = configuration(base, server.port, "[[StateCollector]]\nenabled = True\n");
    writeFileSync(
      join(base, "mine/state.js"),
      `import { writeFileSync } from "node:fs";
      export default { name: "StateCollector",
        prepare: () => ({ async [Symbol.asyncDispose]() {
          await new Promise((resolve) => setTimeout(resolve, 100));
          writeFileSync("${base}/gone", "put away");
        } }),
        collect({ emit }) { emit("value", 1); setInterval(() => {}, 1000); } };\n`,
    );
    const running = start(["run", "-lf", "-c", conf]);
    await step(server.lines, running, "StateCollector.value", 1);
    equal(await running.end(), 0);
    equal(readFileSync(join(base, "gone"), "utf8"), "put away");
    await server.close();
  });
});

describeWith("files that change while the agent runs", noExecutable, () => {
  it("changed, broken, mended, deleted, new: each within two intervals, no gap in the others", async () => {
    const base = join(directory, "reload");
    const server = await lineServer();
    const conf = configuration(
      base,
      server.port,
      "[[OneCollector]]\nenabled = True\n[[TwoCollector]]\nenabled = True\n[[LoadAverageCollector]]\nenabled = True\n",
      "collectors_reload_interval = 1\n",
    );
    const file = join(base, "mine/one.ts");
    const write = (value: number) =>
      writeFileSync(
        file,
        `${HEAD}import { scale } from "./helper.ts";\nexport default defineCollector({ name: "OneCollector", doc: "", path: "one", options: {}, metrics: { value: gauge("") }, collect({ emit }) { emit("value", ${value} * scale); } });\n`,
      );
    writeFileSync(join(base, "mine/helper.ts"), "export const scale: number = 1;\n");
    write(1);
    const running = start(["run", "-lf", "-c", conf]);
    await step(server.lines, running, "one.value", 1);
    write(2);
    await step(server.lines, running, "one.value", 2);
    writeFileSync(file, "export default { this is no TypeScript\n");
    await until(
      "it says so",
      () => /one\.ts: .*the version before it runs on/.test(running.output()),
    );
    await step(server.lines, running, "one.value", 2);
    writeFileSync(file, "for (;;);\n");
    await until("it says so", () => /one\.ts: .*did not get through/.test(running.output()), 20);
    await step(server.lines, running, "one.value", 2);
    write(3);
    await step(server.lines, running, "one.value", 3);
    writeFileSync(join(base, "mine/helper.ts"), "export const scale: number = 100;\n");
    await step(server.lines, running, "one.value", 300);
    writeFileSync(
      join(base, "mine/two.js"),
      `export default { name: "TwoCollector", collect({ emit }) { emit("value", 7); } };\n`,
    );
    await step(server.lines, running, "TwoCollector.value", 7);
    const reloaded = agent(["reload", "-c", conf]);
    equal(`${reloaded.code} ${reloaded.stdout}`, "0 Nothing has changed\n");
    const sound = readFileSync(conf, "utf8");
    writeFileSync(conf, `${sound}[[[broken\n`);
    const refused = agent(["reload", "-c", conf, "--socket", `${base}/agent.sock`]);
    match(
      `${refused.code} ${refused.stderr}`,
      /^1 diamond-agent: The agent goes on as it was: .*diamond\.conf:\d+/s,
    );
    writeFileSync(conf, sound);
    rmSync(file);
    const gone = ticks(server.lines, "one.value").at(-1)!;
    await new Promise((resolve) => setTimeout(resolve, 4000));
    ok(ticks(server.lines, "one.value").at(-1)! <= gone + 2, "it has ended");
    equal(await running.end(), 0);
    const all = ticks(server.lines, "loadavg.01");
    equal(all.at(-1)! - all[0] + 1, all.length, `every tick: ${all}`);
    await server.close();
  });
});
