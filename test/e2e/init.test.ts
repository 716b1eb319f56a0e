/** The agent as process 1 of a namespace; a real VM is started by `npm run long -- vm`. */

import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { cpio } from "../../src/formats/cpio.ts";
import { stageZero } from "../../src/formats/init_stub.ts";
import {
  agent,
  executable,
  noExecutable,
  start,
  temporary,
  until,
} from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { makeJail, notRoot } from "../harness/jail.ts";

const { path: directory, remove } = temporary();
after(remove);

const childrenOf = (pid: number | string) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
const stateOf = (pid: string) => {
  try {
    return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
  } catch {
    return "gone";
  }
};

describeWith("process 1", noExecutable || notRoot, () => {
  it("starts an agent that was killed again, buries orphans, stops all and ends", async () => {
    const base = join(directory, "jail");
    const jail = makeJail(base);
    jail.leave();
    for (const name of ["sys", "dev", "run", "tmp"]) {
      mkdirSync(join(base, name), { recursive: true });
    }
    writeFileSync(
      join(base, "diamond.conf"),
      "[server]\nhandlers = NullHandler\nstate_path = off\nspool_path = off\nsocket = off\n[handlers]\n[[NullHandler]]\n[collectors]\n[[default]]\ninterval = 1\n[[LoadAverageCollector]]\nenabled = True\n",
    );
    // `sleep` outlives its parent and becomes process 1's child.
    const running = start([
      ...["--pid", "--net", "--uts", "--mount", "--fork", "sh", "-c"],
      `mount -t proc proc ${base}/proc; (sleep 2 &) ; exec chroot ${base} /diamond-agent init -c /diamond.conf`,
    ], { program: "/usr/bin/unshare", env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" } });
    const runs = () => running.output().split("runs 2 collectors into NullHandler").length - 1;
    await until("the agent runs", () => runs() >= 1).catch((error) => {
      throw new Error(`${error.message}\n${running.output()}`);
    });
    const [init] = childrenOf(running.pid);
    const orphan = childrenOf(init).find((pid) =>
      readFileSync(`/proc/${pid}/comm`, "utf8") === "sleep\n"
    )!;
    ok(orphan, "there is an orphan");
    const first = childrenOf(init).find((pid) => pid !== orphan)!;
    process.kill(Number(first), "SIGKILL");
    await until("it was started again", () => runs() >= 2).catch((error) => {
      throw new Error(`${error.message}\n${running.output()}`);
    });
    match(running.output(), /init: the agent ended with SIGKILL; it is started again in 1 s/);
    await until("the orphan is buried", () => stateOf(orphan) === "gone", 20);
    process.kill(Number(init), "SIGTERM");
    await until("all is gone", () => stateOf(init) === "gone");
    match(
      running.output(),
      /Stopping on SIGTERM(.|\n)*Stopped\n(.|\n)*init: powers the machine off/,
    );
    await running.end();
  });

  it("is nothing for anybody else", () => {
    const { code, stderr } = agent(["init"]);
    equal(code, 1);
    match(stderr, /init is for process 1/);
  });
});

describeWith("an image for a kernel", noExecutable, () => {
  it("holds the executable, its libraries, the configuration and what starts it", () => {
    const folder = join(directory, "image");
    mkdirSync(join(folder, "collectors"), { recursive: true });
    const conf = join(folder, "diamond.conf");
    writeFileSync(
      conf,
      `[server]\nhandlers = NullHandler\ncollectors_config_path = ${folder}/collectors\n[handlers]\n[[NullHandler]]\n`,
    );
    writeFileSync(join(folder, "collectors/CPUCollector.conf"), "enabled = True\n");
    const file = join(folder, "vm.img");
    const made = agent(["initramfs", file, "-c", conf]);
    equal(`${made.code} ${made.stderr}`, "0 ");
    const tree = join(folder, "tree");
    mkdirSync(tree);
    const unpacked = spawnSync("sh", ["-c", `cd ${tree} && cpio -i --quiet < ${file}`], {
      encoding: "utf8",
    });
    equal(`${unpacked.status} ${unpacked.stderr}`, "0 ");
    ok(readFileSync(join(tree, "diamond-agent")).equals(readFileSync(executable)));
    equal(readFileSync(join(tree, "etc/diamond/diamond.conf"), "utf8"), readFileSync(conf, "utf8"));
    equal(
      readFileSync(join(tree, folder, "collectors/CPUCollector.conf"), "utf8"),
      "enabled = True\n",
    );
    ok(readdirSync(join(tree, "lib")).includes("libc.so.6"));
    equal(agent(["initramfs"]).code, 2);
    match(agent(["initramfs", "/proc/nowhere/vm.img", "-c", conf]).stderr, /cannot write/);
  });
});

describe("the program that a kernel starts first", () => {
  for (const [machine, emulator] of [["x64", ""], ["arm64", "qemu-aarch64-static"]] as const) {
    it(`becomes another with its words and an environment of its own: ${machine}`, () => {
      // What it becomes is the host's own program, so only the host's machine runs to the end.
      const file = join(directory, `zero-${machine}`);
      writeFileSync(
        file,
        stageZero(machine, ["/usr/bin/env", "-0"], ["ONE=1", "TWO=two words"]),
        { mode: 0o755 },
      );
      if (emulator === "" && process.arch !== "x64") return;
      const [program, ...args] = emulator === "" ? [file] : [`/usr/bin/${emulator}`, file];
      const { stdout, status } = spawnSync(program, args, {
        encoding: "utf8",
        env: { LEFT: "over" },
      });
      equal(`${status} ${JSON.stringify(stdout)}`, `0 ${JSON.stringify("ONE=1\0TWO=two words\0")}`);
    });
  }

  it("and its archive are read by the tools for them", () => {
    const described =
      spawnSync("file", [join(directory, "zero-arm64")], { encoding: "utf8" }).stdout;
    match(described, /ELF 64-bit LSB executable, ARM aarch64.*statically linked/);
    const archive = join(directory, "some.cpio");
    const bytes = new TextEncoder().encode("hello\n");
    writeFileSync(
      archive,
      Buffer.concat([
        ...cpio([
          { path: "/a", kind: "folder" },
          { path: "/a/b", kind: "file", mode: 0o640, bytes },
          { path: "/a/c", kind: "link", target: "b" },
        ]),
      ]),
    );
    const { stdout, stderr } = spawnSync("sh", ["-c", `cpio -tv < ${archive}`], {
      encoding: "utf8",
    });
    match(stdout, /^drwxr-xr-x .* a\n-rw-r----- .* 6 .* a\/b\nlrwxrwxrwx .* a\/c -> b\n$/);
    match(stderr, /^1 block/);
  });
});
