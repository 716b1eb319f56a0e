/** What is beside the executable: its other targets, the init script, the unit. */

import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { describeWith } from "../harness/describe_with.ts";
import { executable, noExecutable, root, temporary, until } from "../harness/agent_process.ts";

const { path: directory, remove } = temporary();
after(remove);

const arm = join(root, "build/out/diamond-agent-linux-arm64");
const emulator = "/usr/bin/qemu-aarch64-static";
const noArm = !existsSync(arm)
  ? "the arm64 executable is not built"
  : existsSync(emulator)
  ? false
  : "qemu-user-static is not installed";

describeWith("linux arm64", noArm, () => {
  it("collects, emulated", () => {
    const { status, stdout } = spawnSync(emulator, [
      "-L",
      "/usr/aarch64-linux-gnu",
      arm,
      "collect",
      "LoadAverageCollector",
    ], { encoding: "utf8" });
    equal(status, 0);
    match(stdout, /\.loadavg\.01 \d+\.\d\d \d+\n/);
  });
});

describeWith("the init script", noExecutable, () => {
  it("starts, tells, reloads, restarts and stops", async () => {
    const [pidFile, log] = [join(directory, "agent.pid"), join(directory, "agent.log")];
    mkdirSync(join(directory, "etc"));
    writeFileSync(
      join(directory, "etc/diamond.conf"),
      `[server]\nhandlers = NullHandler\n[loggers]\nkeys = root\n[logger_root]\nlevel = INFO\nhandlers = f\n[handler_f]\nclass = FileHandler\nargs = ('${log}',)\n[collectors]\n[[LoadAverageCollector]]\nenabled = True\n`,
    );
    const defaults = join(directory, "etc/defaults");
    writeFileSync(
      defaults,
      `DAEMON=${executable}\nCONFIG=${directory}/etc/diamond.conf\nPIDFILE=${pidFile}\n`,
    );
    const script = (action: string) => {
      const { status, stdout } = spawnSync("/bin/sh", [
        join(root, "conf/diamond-agent.init"),
        action,
      ], { encoding: "utf8", env: { PATH: "/usr/bin:/bin", DEFAULTS: defaults } });
      // The agent that starts also says where it logs.
      const own = stdout.split("\n").filter((line) => line.startsWith("diamond-agent ")).join("\n");
      return [status, own.replace(/\d+/g, "N")];
    };
    const background = "diamond-agent runs in the background as process N\n";
    deepEqual(script("status"), [3, "diamond-agent does not run"]);
    deepEqual(script("start"), [0, `${background}diamond-agent started`]);
    deepEqual(script("start"), [0, "diamond-agent runs already"]);
    deepEqual(script("status"), [0, "diamond-agent runs as process N"]);
    deepEqual(script("reload"), [0, ""]);
    await until(
      "it has read its configuration again",
      () => readFileSync(log, "utf8").includes("read again"),
    );
    deepEqual(script("restart"), [0, `diamond-agent stopped\n${background}diamond-agent started`]);
    deepEqual(script("stop"), [0, "diamond-agent stopped"]);
    deepEqual(script("stop"), [0, "diamond-agent does not run"]);
    equal(existsSync(pidFile), false);
    equal(script("nonsense")[0], 2);
  });
});

const analyzer = ["/usr/bin/systemd-analyze", "/bin/systemd-analyze"].find(existsSync);

describeWith(
  "the unit",
  analyzer === undefined ? "systemd-analyze is not installed" : false,
  () => {
    it("has no mistakes that systemd would tell", () => {
      const unit = readFileSync(join(root, "conf/diamond-agent.service"), "utf8").replace(
        "/usr/local/bin/diamond-agent",
        existsSync(executable) ? executable : "/bin/true",
      );
      const file = join(directory, "diamond-agent.service");
      writeFileSync(file, unit);
      const { stdout, stderr } = spawnSync(analyzer!, ["verify", "--man=no", file], {
        encoding: "utf8",
      });
      // Other units of the machine may have mistakes of their own.
      deepEqual(
        (stdout + stderr).split("\n").filter((line) => line.includes("diamond-agent.service")),
        [],
      );
    });
  },
);
