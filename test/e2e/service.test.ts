/** What stands around the executable: service managers, manual page, completions. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createLiveness } from "../../src/agent/liveness.ts";
import type { AgentState } from "../../src/agent/self_metrics.ts";
import { newLedger } from "../../src/delivery/ledger.ts";
import {
  agent,
  endWithTests,
  executable,
  noExecutable,
  root,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

describe("the pulse", () => {
  const interval = 10;
  const runner = (runs: number) => ({
    name: "C",
    interval,
    record: { runs, failures: 0, skipped: 0 },
  });
  const worker = (delivered: number, queued: number) => ({
    name: "H",
    ledger: { ...newLedger(), delivered },
    queued,
    spooled: 0,
  });
  const agentState = (runs: number, delivered = 0, queued = 0) =>
    ({
      runners: [runner(runs)],
      workers: [worker(delivered, queued)],
    }) as unknown as AgentState;

  it("stops where no run ends", () => {
    const liveness = createLiveness();
    equal(liveness.stalled(agentState(1), 0), undefined);
    equal(liveness.stalled(agentState(1), 79_000), undefined);
    match(liveness.stalled(agentState(1), 81_000)!, /^C has not run for 81 s$/);
    equal(liveness.stalled(agentState(2), 82_000), undefined);
  });

  it("stops where what waits is not even tried", () => {
    const liveness = createLiveness();
    equal(liveness.stalled(agentState(1, 5, 3), 0), undefined);
    for (let minute = 1; minute <= 10; minute++) {
      equal(liveness.stalled(agentState(1 + minute, 5, 3), minute * 60_000), undefined);
    }
    match(liveness.stalled(agentState(12, 5, 3), 601_000)!, /^H has done nothing for 601 s$/);
    equal(liveness.stalled(agentState(13, 6, 3), 602_000), undefined);
    equal(liveness.stalled(agentState(14, 6, 0), 3_000_000), undefined);
  });
});

function writeConf(folder: string, interval = 1): string {
  mkdirSync(folder, { recursive: true });
  const conf = join(folder, "diamond.conf");
  writeFileSync(
    conf,
    `[server]\nhandlers = NullHandler\nstate_path = off\npid_file = ${folder}/agent.pid\n[handlers]\n[[NullHandler]]\n[collectors]\n[[default]]\ninterval = ${interval}\n[[LoadAverageCollector]]\nenabled = True\n`,
  );
  return conf;
}

const noNotify = noExecutable || (has("python3") ? false : "python3 is not installed");

describeWith("a service manager", noNotify, () => {
  it("is told of start, life, reload and stop; children do not get its socket", async () => {
    const folder = join(directory, "notify");
    const conf = writeConf(folder);
    const scripts = join(folder, "scripts");
    mkdirSync(scripts);
    writeFileSync(
      join(scripts, "env.sh"),
      "#!/bin/sh\nenv | grep -c 'NOTIFY_SOCKET\\|WATCHDOG' | sed 's/^/notify.variables /'\n",
      { mode: 0o755 },
    );
    // Nobody has to speak for it.
    const called = join(folder, "called");
    writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\ntouch ${called}\n`, { mode: 0o755 });
    const log = join(folder, "archive.log");
    writeFileSync(
      conf,
      readFileSync(conf, "utf8").replace("NullHandler\nstate", "ArchiveHandler\nstate").replace(
        "[[NullHandler]]",
        `[[ArchiveHandler]]\nlog_file = ${log}`,
      ) + `[[UserScriptsCollector]]\nenabled = True\nscripts_path = ${scripts}\n`,
    );
    const socket = join(folder, "notify.sock");
    const listener = spawn("python3", [
      join(root, "test/harness/notify_socket.py"),
      socket,
    ], { stdio: ["ignore", "pipe", "inherit"] });
    endWithTests(listener);
    let told = "";
    listener.stdout.on("data", (chunk) => (told += chunk));
    await until("it listens", () => told.includes("listens"));
    const running = start(["run", "-f", "-c", conf], {
      env: {
        PATH: `${folder}:/usr/bin:/bin`,
        NOTIFY_SOCKET: socket,
        WATCHDOG_USEC: "2000000",
      },
    });
    await until("READY", () => /^READY=1 \| STATUS=3 collectors, .*healthy$/m.test(told));
    await until("WATCHDOG twice", () => told.split("WATCHDOG=1 | STATUS=").length > 2);
    process.kill(running.pid, "SIGHUP");
    await until("RELOADING", () => /RELOADING=1\s(.*\n)*READY=1/.test(told));
    equal(await running.end(), 0);
    await until("STOPPING", () => /STOPPING=1 \| STATUS=The last flush/.test(told));
    match(readFileSync(log, "utf8"), /notify\.variables 0 /);
    equal(existsSync(called), false);
    listener.kill();
  });
});

describeWith("the service command", noExecutable, () => {
  it("refuses a path that a unit or a script would read as something else", () => {
    for (const name of ["a\nExecStartPre=b", "$(id).conf", "a b.conf", "%n'"]) {
      const path = join(directory, name);
      writeFileSync(path, "");
      for (const type of ["systemd", "openrc", "sysv", "launchd"]) {
        const { code, stdout, stderr } = agent(["service", "print", "--type", type, "-c", path]);
        deepEqual([code, stdout], [1, ""], `${type} ${path}`);
        match(stderr, /^diamond-agent: cannot name ".*" in a service file: [^\n]*\n$/);
      }
    }
  });

  it("prints, writes and removes for each manager", () => {
    const conf = writeConf(join(directory, "service"));
    const cases: readonly [manager: string, path: string, says: RegExp][] = [
      ["systemd", "/etc/systemd/system/diamond-agent.service", /^Type=notify$/m],
      ["openrc", "/etc/init.d/diamond-agent", /^#!\/sbin\/openrc-run$/m],
      ["sysv", "/etc/init.d/diamond-agent", /^### BEGIN INIT INFO$/m],
      ["launchd", "/Library/LaunchDaemons/diamond-agent.plist", /<key>KeepAlive<\/key>/],
      ["windows", "/ProgramData/diamond-agent/task.xml", /<BootTrigger \/>/],
    ];
    for (const [manager, path, says] of cases) {
      const image = join(directory, "image", manager);
      const run = (what: string) =>
        agent(["service", what, "--type", manager, "--root", image, "-c", conf]);
      const printed = run("print");
      equal(printed.code, 0);
      match(printed.stdout, says);
      ok(printed.stdout.includes(executable), "the path of this very program");
      ok(printed.stdout.includes(conf));
      equal(run("install").stdout, `wrote ${image}${path}\n`);
      equal(readFileSync(image + path, "utf8"), printed.stdout);
      const isScript = printed.stdout.startsWith("#!");
      equal((statSync(image + path).mode & 0o111) !== 0, isScript);
      if (isScript) equal(spawnSync("sh", ["-n", image + path]).status, 0);
      equal(run("remove").stdout, `removed ${image}${path}\n`);
      ok(!existsSync(image + path));
      match(run("remove").stdout, /is not there/);
    }
    equal(agent(["service"]).code, 2);
    match(agent(["service", "install", "--type", "upstart"]).stderr, /--type is one of systemd/);
    const failed = agent([
      "service",
      "install",
      "--root",
      "/proc/1/nowhere",
      "--type",
      "sysv",
      "-c",
      conf,
    ]);
    equal(failed.code, 1);
    match(failed.stderr, /cannot write/);
  });
});

describeWith(
  "completion in a real bash",
  noExecutable || (has("bash") ? false : "there is no bash"),
  () => {
    const complete = (...words: string[]) => {
      const bin = join(directory, "bin");
      mkdirSync(bin, { recursive: true });
      if (!existsSync(join(bin, "diamond-agent"))) {
        symlinkSync(executable, join(bin, "diamond-agent"));
      }
      const script = `source <(diamond-agent completions bash)
COMP_WORDS=(diamond-agent "$@"); COMP_CWORD=$#; _diamond_agent; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout } = spawnSync("bash", ["-c", script, "bash", ...words], {
        encoding: "utf8",
        env: { PATH: `${bin}:/usr/bin:/bin` },
        cwd: directory,
      });
      return stdout.trim().split("\n");
    };
    it("knows commands, flags, names and files", () => {
      deepEqual(complete("re").sort(), ["record", "reload", "replay"]);
      deepEqual(complete("collect", "--ro").sort(), [
        "--rootfs",
        "--round-interval-ms",
        "--rounds",
      ]);
      deepEqual(complete("collect", "LoadA"), ["LoadAverageCollector"]);
      deepEqual(complete("describe", "Graphite").sort(), [
        "GraphiteClusterHandler",
        "GraphiteHandler",
        "GraphiteListenerCollector",
        "GraphitePickleHandler",
      ]);
      deepEqual(complete("spool", "v"), ["verify"]);
      writeFileSync(join(directory, "some.conf"), "");
      deepEqual(complete("run", "-c", "so"), ["some.conf"]);
      deepEqual(complete("collect", "--rounds", ""), [""]);
    });
  },
);

describeWith(
  "completion in fish and zsh",
  noExecutable || (has("fish") && has("zsh") ? false : "fish or zsh is not installed"),
  () => {
    it("knows commands and flags", () => {
      const home = { PATH: "/usr/bin:/bin", HOME: directory };
      const fish = spawnSync("fish", [
        "--no-config",
        "-c",
        `source ${root}/conf/completions/diamond-agent.fish; complete -C 'diamond-agent rel'; complete -C 'diamond-agent run --skip-p'`,
      ], { encoding: "utf8", env: home });
      match(fish.stdout, /^reload\t/m);
      match(fish.stdout, /^--skip-pidfile\t/m);
      const zsh = spawnSync("zsh", [
        "-f",
        "-c",
        `autoload -U compinit; compinit -u -D; source ${root}/conf/completions/diamond-agent.zsh; print $_comps[diamond-agent]`,
      ], { encoding: "utf8", env: home });
      equal(`${zsh.stdout}${zsh.stderr}`, "_diamond_agent\n");
    });
  },
);

describeWith("the manual page", has("man") ? false : "man-db is not installed", () => {
  it("is read by man without a warning, and names every command", () => {
    const { stdout, stderr, status } = spawnSync("man", [
      "--warnings",
      "-l",
      join(root, "conf/diamond-agent.1"),
    ], { encoding: "utf8", env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", MANWIDTH: "100" } });
    equal(`${status} ${stderr}`, "0 ");
    match(stdout, /host metrics agent for Graphite/);
    for (const command of ["run", "collect", "status", "service", "types", "record"]) {
      match(stdout, new RegExp(`diamond-agent ${command} \\[flags\\]`));
    }
  });
});
