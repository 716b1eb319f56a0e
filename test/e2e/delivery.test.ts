/** What the executable keeps, shows and sends again: spool, status, replay, counters across restarts. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  agent,
  freePort,
  lineServer,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);
let number = 0;

function configuration(port: number, { handler = "", server = "" } = {}) {
  const base = join(directory, `d${number++}`);
  mkdirSync(base);
  const conf = join(base, "diamond.conf");
  const archive = join(base, "archive.log");
  writeFileSync(
    conf,
    `[server]\nhandlers = GraphiteHandler, ArchiveHandler\npid_file = ${base}/agent.pid\nstate_path = ${base}/state\n${server}\n` +
      `[handlers]\n[[GraphiteHandler]]\nhost = 127.0.0.1\nport = ${port}\nretry_max_interval = 1\n${handler}\n` +
      `[[ArchiveHandler]]\nlog_file = ${archive}\n[collectors]\n[[default]]\ninterval = 1\nhostname = h\n` +
      `[[MemoryCollector]]\nenabled = True\n[[CPUCollector]]\nenabled = True\n`,
  );
  const lines = () =>
    existsSync(archive) ? readFileSync(archive, "utf8").split("\n").slice(0, -1) : [];
  return { base, conf, lines, run: () => start(["run", "-f", "--debug", "-c", conf]) };
}

/** An outage of some seconds, and the end of the agent in it. */
async function spooled(port: number) {
  const made = configuration(port);
  const running = made.run();
  await until("it is spooled", () => made.lines().length > 150);
  equal(await running.end(), 0);
  return made;
}

describeWith("what waits on disk", noExecutable, () => {
  it("is listed, verified, exported, and delivered by the next start", async () => {
    const port = await freePort();
    const { conf, base, lines, run } = await spooled(port);
    const sorted = lines().toSorted();
    const [spool] = JSON.parse(agent(["spool", "ls", "-c", conf, "--json"]).stdout);
    deepEqual([spool.handler, spool.points], ["GraphiteHandler", sorted.length]);
    match(agent(["spool", "-c", conf]).stdout, /GraphiteHandler +\d+ +[\d.]+ MB +20\d\d-/);
    match(agent(["spool", "verify", "--path", `${base}/state/spool`]).stdout, /all whole/);
    const exported = agent(["spool", "export", "GraphiteHandler", "-c", conf]).stdout;
    deepEqual(exported.trimEnd().split("\n").toSorted(), sorted);

    const server = await lineServer({ port });
    const running = run();
    await until("everything arrives", () => lines().every((line) => server.lines.includes(line)));
    match(agent(["spool", "-c", conf]).stdout, /^Nothing waits|\n/);
    equal(await running.end(), 0);
    equal(existsSync(`${base}/state/spool/GraphiteHandler.db`), false, "an empty spool is removed");
    await server.close();
  });

  it("is replayed and dropped without an agent", async () => {
    const port = await freePort();
    const first = await spooled(port);
    const away = agent(["spool", "drop", "GraphiteHandler", "-c", first.conf]);
    deepEqual([away.code, /--yes gives up \d+ metrics/.test(away.stderr)], [2, true]);
    match(
      agent(["spool", "drop", "GraphiteHandler", "--yes", "-c", first.conf]).stdout,
      /are given up/,
    );
    match(agent(["spool", "-c", first.conf]).stdout, /Nothing waits/);

    const second = await spooled(port);
    const server = await lineServer({ port });
    const replay = start(["spool", "replay", "GraphiteHandler", "-c", second.conf]);
    await until("it ends", () => replay.child.exitCode !== null);
    equal(replay.child.exitCode, 0, replay.output());
    match(replay.output(), /metrics delivered in .*, 0 wait/);
    deepEqual(server.lines.toSorted(), second.lines().toSorted());
    await server.close();
  });

  it("is replayed and dropped through the agent that runs", async () => {
    const port = await freePort();
    const made = configuration(port, { handler: "spool_rate = 0.1\n" });
    const running = made.run();
    const spool = () =>
      JSON.parse(agent(["status", "-c", made.conf, "--json"]).stdout).handlers[0].spooled;
    await until("it is spooled", () => made.lines().length > 150);
    match(
      agent(["spool", "drop", "GraphiteHandler", "--yes", "-c", made.conf]).stdout,
      /^\d{3} metrics of GraphiteHandler are given up/,
    );
    await until("more is spooled", () => spool() > 50);
    const refused = agent(["spool", "replay", "GraphiteHandler", "-c", made.conf]);
    equal(refused.code, 1);
    match(refused.stderr, /connection refused.*nothing listens there/);
    const server = await lineServer({ port });
    await until("the backend is found again", () => server.lines.length > 0);
    const replay = start(["spool", "replay", "GraphiteHandler", "-c", made.conf]);
    await until("it ends", () => replay.child.exitCode !== null);
    equal(replay.child.exitCode, 0, replay.output());
    match(replay.output(), /delivered by the running agent/);
    equal(spool(), 0);
    equal(await running.end(), 0);
    ok(!running.output().includes("does not close"), running.output());
    await server.close();
  });

  it("is off when the operator wants it so", async () => {
    const made = configuration(await freePort(), { server: "spool_path = off\n" });
    const running = made.run();
    await until("it waits in memory", () => made.lines().length > 100);
    const [handler] = JSON.parse(agent(["status", "-c", made.conf, "--json"]).stdout).handlers;
    deepEqual([handler.spooled, handler.queued > 50], [0, true]);
    match(agent(["spool", "-c", made.conf]).stderr, /spool_path = off/);
    equal(await running.end(), 0);
  });
});

describeWith("status", noExecutable, () => {
  it("says what is wrong on the way to the agent", () => {
    const { conf } = configuration(1);
    for (
      const [args, code, reason] of [
        [["-c", conf], 3, /no agent answers at ".*agent\.sock"/],
        [["-c", "/nowhere.conf"], 1, /is not there/],
        [["--socket", "/nowhere.sock"], 3, /no agent answers at "\/nowhere\.sock"/],
        [["--sockets", "x"], 2, /unknown flag/],
      ] as const
    ) {
      const result = agent(["status", ...args]);
      equal(result.code, code, result.stderr);
      match(result.stderr, reason);
    }
  });

  it("is for the agent's own user and group", async () => {
    const server = await lineServer();
    const { conf, base, run } = configuration(server.port);
    const running = run();
    await until("it answers", () => agent(["status", "-c", conf]).code === 0);
    ok(agent(["status", "-c", conf]).stdout.startsWith("Healthy\n"));
    const { mode } = await import("node:fs").then(({ statSync }) => statSync(`${base}/agent.sock`));
    equal(mode & 0o777, 0o660);
    equal(await running.end(), 0);
    equal(existsSync(`${base}/agent.sock`), false);
    await server.close();
  });
});

describeWith("replay", noExecutable, () => {
  const lines = Array.from(
    { length: 5000 },
    (_, index) =>
      `servers.web1.cpu.total.m${index % 10} ${(index / 4).toFixed(index % 4)} ${
        1_700_000_000 + index
      }`,
  );

  it("sends an archive as it is, compressed or not, and what is chosen of it", async () => {
    const server = await lineServer();
    const { conf, base } = configuration(server.port);
    const [plain, packed] = [join(base, "old.log"), join(base, "old.log.1.gz")];
    writeFileSync(plain, `${lines.join("\n")}\nthis is no line\n`);
    writeFileSync(packed, gzipSync(lines.join("\n")));
    const replay = async (args: string[]) => {
      server.lines.length = 0;
      const running = start([
        "replay",
        ...args,
        "-c",
        conf,
        "--handler",
        "GraphiteHandler",
        "--rate",
        "0",
      ]);
      await until("it ends", () => running.child.exitCode !== null);
      return { code: running.child.exitCode, output: running.output() };
    };
    const all = await replay([plain]);
    equal(all.code, 0, all.output);
    match(all.output, /:5001: "this is no line" is not a Graphite line/);
    match(all.output, /5,000 lines sent in .*, 1 were not Graphite lines/);
    deepEqual(server.lines, lines);
    equal((await replay([packed])).code, 0);
    deepEqual(server.lines, lines);
    equal(
      (await replay([
        plain,
        "--since",
        "1700001000",
        "--until",
        "1700001010",
        "--match",
        "m[0-4]$",
      ])).code,
      0,
    );
    deepEqual(server.lines, lines.slice(1000, 1010).filter((line) => /m[0-4] /.test(line)));
    await server.close();
  });

  it("says what is wrong with what it is given", () => {
    const { conf, base } = configuration(1);
    const file = join(base, "a.log");
    writeFileSync(file, "a 1 2\n");
    for (
      const [args, code, reason] of [
        [[], 2, /Which archive/],
        [[file], 2, /--handler says where/],
        [["/nowhere", "--handler", "GraphiteHandler"], 1, /cannot read "\/nowhere"/],
        [[file, "--handler", "GraphitHandler"], 1, /no handler "GraphitHandler", did you mean/],
        [[file, "--handler", "GraphiteHandler", "--since", "soon"], 2, /"soon" is not a time/],
        [[file, "--handler", "GraphiteHandler", "--match", "("], 2, /--match/],
        [[file, "--handler", "GraphiteHandler", "--rate", "fast"], 2, /--rate needs a number/],
      ] as const
    ) {
      const result = agent(["replay", ...args, "-c", conf]);
      equal(result.code, code, result.stderr);
      match(result.stderr, reason);
    }
  });
});

describeWith("a restart", noExecutable, () => {
  it("goes on with counters and books", async () => {
    const server = await lineServer();
    const { conf, run } = configuration(server.port);
    const first = run();
    const rates = () => server.lines.filter((line) => line.includes(".cpu.total.idle ")).length;
    await until("rates arrive", () => rates() > 0);
    equal(await first.end(), 0);
    const before = rates();
    const second = run();
    await until("the first run has one", () => rates() > before, 3);
    const idle = server.lines.filter((line) => line.includes(".cpu.total.idle "));
    const values = idle.map((line) => Number(line.split(" ")[1]));
    ok(values.every((value) => value >= 0 && value < 110 * cpus().length), `${values}`);
    const { collectors, handlers } = JSON.parse(agent(["status", "-c", conf, "--json"]).stdout);
    const { runs } = collectors.find(({ name }: { name: string }) => name === "CPUCollector");
    ok(runs <= 2, `${runs} runs`);
    ok(handlers[0].delivered > server.lines.length / 2 && handlers[0].imbalance === 0);
    equal(await second.end(), 0);
    await server.close();
  });

  it("with a state that cannot be written is told once", async () => {
    const server = await lineServer();
    const { base, run } = configuration(server.port);
    writeFileSync(`${base}/state`, "a file where the folder should be");
    chmodSync(`${base}/state`, 0o400);
    const running = run();
    await until("it delivers", () => server.lines.length > 0);
    equal(await running.end(), 0);
    equal(running.output().split("ledgers and counters begin again").length, 2, running.output());
    await server.close();
  });
});
