/** `migrate` on the executable: what an old agent has written is compared with what this one would. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, it } from "node:test";
import {
  agent,
  freePort,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { noPython } from "../harness/pythons.ts";
import { whisperFile } from "../harness/whisper.ts";

const { path: base, remove } = temporary();
after(remove);
const conf = join(base, "diamond.conf");
const archive = join(base, "archive.log");
const env = { PATH: process.env.PATH! };

const CONFIGURATION = `[server]
handlers = ArchiveHandler
pid_file = ${base}/agent.pid
state_path = ${base}/state
[handlers]
[[ArchiveHandler]]
log_file = ${archive}
[collectors]
[[default]]
interval = 1
hostname = h
`;
const COLLECTORS = ["CPU", "LoadAverage", "Memory", "VMStat", "Sockstat"]
  .map((name) => `[[${name}Collector]]\nenabled = True\n`).join("");

interface Finding {
  readonly side: string;
  readonly path: string;
  readonly rule?: string;
}

function migrate(...args: string[]) {
  const { code, stdout, stderr } = agent(["migrate", "-c", conf, "--json", ...args], { env });
  const answer = stdout === "" ? undefined : JSON.parse(stdout);
  const found = (answer?.compared?.comparison.findings ?? []) as Finding[];
  return {
    ...{ code, stderr, answer },
    open: found.filter(({ rule }) => rule === undefined).map(({ side, path }) => `${side} ${path}`),
  };
}

/** Three differences, each of another kind. */
function planted(lines: readonly string[]): string[] {
  return lines.filter((line) => !line.startsWith("servers.h.loadavg.05 ")).map((line) => {
    const [path, value, time] = line.split(" ");
    return path === "servers.h.memory.MemTotal" ? `${path} ${Number(value) / 1024} ${time}` : line;
  }).concat(
    lines.filter((line) => line.startsWith("servers.h.memory.MemFree ")).map((line) =>
      line.replace("MemFree", "NotHere")
    ),
  );
}

const PLANTED = [
  "gone servers.h.memory.NotHere",
  "new servers.h.loadavg.05",
  "value servers.h.memory.MemTotal",
];

describeWith("migrate", noExecutable, () => {
  let lines: string[] = [];
  before(async () => {
    writeFileSync(conf, CONFIGURATION + COLLECTORS);
    const old = start(["run", "-f", "-c", conf]);
    await until("it has written some runs", () => {
      const text = agent(["status", "-c", conf, "--json"]).stdout;
      return text !== "" && JSON.parse(text).collectors[0].runs > 4;
    });
    await old.end();
    lines = readFileSync(archive, "utf8").trim().split("\n");
  });

  it("finds nothing where nothing differs, and three planted differences where these are", () => {
    const same = migrate("--archive", archive, "--for", "2s");
    deepEqual(same.open, []);
    equal(same.code, 0);
    const other = join(base, "planted.log");
    writeFileSync(other, `${planted(lines).join("\n")}\n`);
    const differs = migrate("--archive", other, "--for", "2s");
    deepEqual(differs.open, PLANTED);
    equal(differs.code, 1);
    equal(differs.answer.unexplained, 3);
  });

  it("reads Graphite's own files", () => {
    const now = Math.floor(Date.now() / 1000);
    const byPath = Map.groupBy(planted(lines), (line) => line.split(" ")[0]);
    for (const [path, ones] of byPath) {
      const file = join(base, "whisper", `${path.replaceAll(".", "/")}.wsp`);
      mkdirSync(dirname(file), { recursive: true });
      const values = ones.map((line, at) =>
        [now - 10 * at - 10, Number(line.split(" ")[1])] as const
      );
      writeFileSync(file, whisperFile(values));
    }
    writeFileSync(join(base, "whisper/servers/h/broken.wsp"), "no");
    const { open, answer } = migrate("--whisper", join(base, "whisper"), "--for", "2s");
    deepEqual(open, PLANTED);
    equal(answer.compared.unread, 1);
  });

  it("listens for the old agent", async () => {
    const port = await freePort();
    const running = start(["migrate", "-c", conf, "--json", "--listen", `${port}`, "--for", "4s"]);
    const peer = await until(
      "it listens",
      () =>
        new Promise<ReturnType<typeof connect> | undefined>((resolve) => {
          const socket = connect(port, "127.0.0.1", () => resolve(socket));
          socket.on("error", () => resolve(undefined));
        }),
    );
    const some = planted(lines).filter((line) =>
      /\.(MemTotal|NotHere|SwapTotal|SwapFree) /.test(line)
    );
    peer.write(`${some.join("\n")}\nnonsense\n`);
    const code = await new Promise((resolve) => running.child.on("close", resolve));
    peer.destroy();
    const { compared } = JSON.parse(running.output().trim().split("\n").at(-1)!);
    const found = compared.comparison.findings as Finding[];
    const names = [...some.map((line) => line.split(" ")[0]), "servers.h.loadavg.05"];
    const ofThese = found.filter(({ path }) => names.includes(path));
    deepEqual(ofThese.map(({ side, path }) => `${side} ${path}`), PLANTED);
    equal(compared.unread, 1);
    equal(code, 1);
  });

  it("without anything to compare with: what is built in, by Python and missing", {
    skip: noPython,
  }, () => {
    mkdirSync(join(base, "mine"));
    const python =
      "import diamond.collector\nclass QueueLenCollector(diamond.collector.Collector):\n    def collect(self):\n        self.publish('length', 7)\n";
    writeFileSync(join(base, "mine/queue.py"), python);
    const more = "[[QueueLenCollector]]\nenabled = True\n[[AmavisCollector]]\nenabled = True\n";
    const text = CONFIGURATION.replace("[handlers]", `collectors_path = ${base}/mine\n[handlers]`);
    const other = join(base, "other.conf");
    writeFileSync(other, text + COLLECTORS + more);
    const { code, stdout } = agent(["migrate", "-c", other], { env });
    equal(code, 1);
    match(stdout, /CPUCollector +built in/);
    match(stdout, /QueueLenCollector +plugin, .*queue\.py/);
    match(
      stdout,
      /AmavisCollector +missing: there is no collector/,
    );
    match(stdout, /python-diamond +does not run|python-diamond +runs as process/);
    match(stdout, /1 thing is unexplained or missing/);
  });

  it("wrong usage, and what cannot be read", () => {
    equal(migrate("--archive", "a", "--whisper", "b").code, 2);
    equal(migrate("--listen", "many").code, 2);
    equal(migrate("--for", "soon").code, 2);
    const empty = join(base, "empty.log");
    writeFileSync(empty, "\n");
    for (
      const args of [["--archive", "/nowhere"], ["--archive", empty], ["--whisper", "/nowhere"]]
    ) {
      const { code, stderr } = migrate(...args);
      equal(code, 1);
      match(stderr, /^diamond-agent: /m);
      ok(!stderr.includes("    at "), stderr);
    }
  });
});
