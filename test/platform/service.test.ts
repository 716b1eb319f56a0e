import { equal, rejects, throws } from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { evaluated } from "../harness/evaluated.ts";
import {
  checkPidFile,
  removePidFile,
  takeLock,
  writePidFile,
} from "../../src/platform/service/pid_file.ts";

const directory = mkdtempSync(join(tmpdir(), "diamond-platform-"));
after(() => rmSync(directory, { recursive: true }));

describe("a service manager whose socket does not answer", () => {
  it("is spoken to by systemd's own program", () => {
    const folder = mkdtempSync(join(directory, "notify-"));
    const said = join(folder, "said");
    const script = `#!/bin/sh\necho "$NOTIFY_SOCKET" "$@" > ${said}\n`;
    writeFileSync(join(folder, "systemd-notify"), script, { mode: 0o755 });
    for (const socket of [join(folder, "nobody"), "@nobody", `/${"x".repeat(200)}`]) {
      const program = `
        const { serviceManager } = await import("${import.meta.dirname}/../../src/platform/service/notify.ts");
        await serviceManager().tell("READY=1", "STATUS=here");`;
      evaluated(program, { PATH: `${folder}:/bin:/usr/bin`, NOTIFY_SOCKET: socket });
      equal(readFileSync(said, "utf8"), `${socket} READY=1 STATUS=here\n`);
      rmSync(said);
    }
  });
});

describe("the pid file", () => {
  const path = join(directory, "agent.pid");
  it("is ours to remove, and nobody else's", () => {
    writePidFile(path, { uid: -1, gid: -1 });
    equal(readFileSync(path, "utf8"), `${process.pid}\n`);
    removePidFile(path);
    equal(existsSync(path), false);
    writeFileSync(path, "1\n");
    removePidFile(path);
    equal(existsSync(path), true);
  });
  it("keeps the agent from starting where it names a Diamond, and is removed where it names anything else", async () => {
    const diamond = join(directory, "diamond");
    writeFileSync(diamond, "#!/bin/sh\nsleep 60\n", { mode: 0o755 });
    const [other, running] = [spawn("sleep", ["60"]), spawn(diamond)];
    try {
      writeFileSync(path, `${other.pid}\n`);
      equal(checkPidFile(path, true), `process ${other.pid}, which is another program`);
      equal(existsSync(path), false);
      const line = `/proc/${running.pid}/cmdline`;
      for (let tries = 0; tries < 100 && !/\/diamond\0/.test(readFileSync(line, "utf8")); tries++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      writeFileSync(path, `${running.pid}\n`);
      throws(() => checkPidFile(path, true), /already running: ".*" names the live process \d+$/);
    } finally {
      other.kill("SIGKILL");
      running.kill("SIGKILL");
    }
    writeFileSync(path, "4194305\n");
    equal(checkPidFile(path, true), "the dead process 4194305");
    equal(existsSync(path), false);
    writeFileSync(path, "what?\n");
    equal(checkPidFile(path, true), undefined);
  });
  it("is never what is something else", () => {
    const precious = join(directory, "precious");
    writeFileSync(precious, "x".repeat(100));
    for (const other of [precious, directory, "/dev/null"]) {
      throws(() => checkPidFile(other, true), /is not a pid file/);
      throws(() => writePidFile(other, { uid: -1, gid: -1 }), /cannot write the pid file/);
    }
    equal(statSync(precious).size, 100);
  });
  it("has a lock that holds without it", async () => {
    await takeLock(path);
    await rejects(takeLock(path), /already running/);
    await takeLock(`${path}.other`);
  });
});
