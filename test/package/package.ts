/**
 * The packages in a fresh Debian: `npm run long -- package`. Built twice with the same bytes; installed,
 * run, upgraded with the configuration, counters and spool kept, removed, purged; in the place of a
 * python-diamond that was there before, and beside one that runs; and the same by rpm.
 */

import { equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { executable, root, until } from "../harness/agent_process.ts";

const base = join(root, "build/cache/package/bookworm");
const work = mkdtempSync(join(tmpdir(), "packages-"));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const NEXT = `${version}+1`;
const NEEDED = "systemd-analyze";
let passed = 0;
let failed = 0;

if (spawnSync("sh", [join(root, "build/release/install")], { stdio: "inherit" }).status !== 0) {
  process.exit(1);
}
if (!existsSync(join(base, "etc/debian_version"))) {
  console.log("Making a fresh Debian (debootstrap) …");
  run("debootstrap", ["--variant=minbase", "bookworm", base]);
}

try {
  await step("built twice, the same bytes", () => {
    build(join(work, "one"), version);
    build(join(work, "two"), version);
    const sums = ["one", "two"].map((name) => readFileSync(join(work, name, "SHA256SUMS"), "utf8"));
    equal(sums[0], sums[1]);
    console.log(sums[0].trim().replace(/^/gm, "    "));
  });
  build(join(work, "next"), NEXT);
  const deb = join(work, `one/diamond-agent_${version}_amd64.deb`);
  const nextDeb = join(work, `next/diamond-agent_${NEXT}_amd64.deb`);

  await inDebian("fresh", async (host) => {
    await step("installed: whole, verified, its configuration is all right", () => {
      console.log(host.run("dpkg", ["-i", host.give(deb)]).trim().replace(/^/gm, "    "));
      equal(host.run("dpkg", ["-V", "diamond-agent"]), "");
      equal(sum(host.path("/usr/bin/diamond-agent")), sum(executable));
      match(host.run("diamond-agent", ["check"]), /all well in 1 file/);
      match(host.run("diamond-agent", ["version"]), new RegExp(version.replaceAll(".", "\\.")));
      equal(
        readFileSync(host.path("/usr/share/doc/diamond-agent/THIRD-PARTY"), "utf8"),
        host.run("diamond-agent", ["version", "--licenses"]),
      );
    });
    await step("its unit stands systemd's own examination", () => {
      if (!existsSync(`/usr/bin/${NEEDED}`)) throw new Error(`${NEEDED} is not installed`);
      const unit = "/usr/lib/systemd/system/diamond-agent.service";
      // The fresh Debian has no systemd: the unit is looked at with this one's, and the program at its place here.
      const copy = join(work, "diamond-agent.service");
      writeFileSync(
        copy,
        readFileSync(host.path(unit), "utf8").replace("/usr/bin/diamond-agent", executable),
      );
      const { stdout, stderr } = spawnSync(NEEDED, ["verify", "--man=no", copy], {
        encoding: "utf8",
      });
      equal(
        (stdout + stderr).split("\n").filter((line) => line.includes("diamond-agent.service")).join(
          "",
        ),
        "",
      );
      const security = spawnSync(NEEDED, ["security", "--offline=yes", host.path(unit)], {
        encoding: "utf8",
      }).stdout;
      const [, level] = /exposure level for diamond-agent\.service: ([\d.]+)/.exec(security)!;
      console.log(`    exposure level ${level}`);
      ok(Number(level) < 3, security);
    });
    let before = 0;
    await step("runs, by its init script", async () => {
      await host.edit(
        "/etc/diamond/diamond.conf",
        (text) =>
          text.replace(/^interval = 10$/m, "interval = 1").replace(
            /^handlers = ArchiveHandler$/m,
            "handlers = ArchiveHandler, GraphiteHandler",
          ).replace(/^port = 2003$/m, "port = 9"),
      );
      match(host.run("/etc/init.d/diamond-agent", ["start"]), /diamond-agent started/);
      await until("something is archived", () => lines(host).length > 50);
      match(host.run("/etc/init.d/diamond-agent", ["status"]), /runs as process/);
      match(host.run("/etc/init.d/diamond-agent", ["stop"]), /diamond-agent stopped/);
      before = waiting(host);
      ok(before > 0, "something waits for the Graphite that is not there");
    });
    await step("upgraded: configuration, counters and spool are kept", async () => {
      const conf = readFileSync(host.path("/etc/diamond/diamond.conf"), "utf8");
      host.run("dpkg", ["-i", host.give(nextDeb)]);
      equal(readFileSync(host.path("/etc/diamond/diamond.conf"), "utf8"), conf);
      match(host.run("dpkg-query", ["-W", "-f", "${Version}", "diamond-agent"]), /\+1$/);
      const archived = lines(host).length;
      host.run("/etc/init.d/diamond-agent", ["start"]);
      await until("more is archived", () => lines(host).length > archived + 50);
      // The first run after a restart has rates: its counters go on.
      ok(lines(host).slice(archived, archived + 150).some((line) => line.includes(".cpu.total.")));
      host.run("/etc/init.d/diamond-agent", ["stop"]);
      ok(waiting(host) > before, "what waited still waits");
    });
    await step("removed: the configuration stays; purged: nothing does", () => {
      host.run("dpkg", ["-r", "diamond-agent"]);
      ok(!existsSync(host.path("/usr/bin/diamond-agent")));
      ok(existsSync(host.path("/etc/diamond/diamond.conf")));
      ok(existsSync(host.path("/var/lib/diamond")));
      host.run("dpkg", ["-P", "diamond-agent"]);
      for (const path of ["/etc/diamond", "/var/lib/diamond", "/var/log/diamond"]) {
        ok(!existsSync(host.path(path)), `${path} is gone`);
      }
      const left = spawnSync("find", [host.root, "-xdev", "-name", "*diamond*"], {
        encoding: "utf8",
      });
      equal(left.stdout.replace(/.*\.deb\n/g, ""), "");
    });
  });

  await inDebian("taken over", async (host) => {
    await step("what python-diamond was told is taken over, and never removed", () => {
      mkdirSync(host.path("/etc/diamond/collectors"), { recursive: true });
      const old = `[server]
handlers = diamond.handler.archive.ArchiveHandler
user =
group =
pid_file = /var/run/diamond.pid
collectors_path = /usr/share/diamond/collectors/
collectors_config_path = /etc/diamond/collectors/
[handlers]
keys = rotated_file
[[default]]
[[ArchiveHandler]]
log_file = /var/log/diamond/archive.log
[collectors]
[[default]]
interval = 1
[[CPUCollector]]
enabled = True
[loggers]
keys = root
`;
      writeFileSync(host.path("/etc/diamond/diamond.conf"), old);
      writeFileSync(host.path("/etc/diamond/collectors/CPUCollector.conf"), "percore = False\n");
      match(
        host.run("dpkg", ["-i", host.give(deb)]),
        /uses \/etc\/diamond\/diamond\.conf as it is/,
      );
      equal(readFileSync(host.path("/etc/diamond/diamond.conf"), "utf8"), old);
      mkdirSync(host.path("/var/log/diamond"), { recursive: true });
      match(
        host.run("diamond-agent", [
          "collect",
          "CPUCollector",
          "--rounds",
          "2",
          "-c",
          "/etc/diamond/diamond.conf",
        ]),
        /cpu\.total\./,
      );
      host.run("dpkg", ["-P", "diamond-agent"]);
      equal(readFileSync(host.path("/etc/diamond/diamond.conf"), "utf8"), old);
    });
  });

  await inDebian("in its place", async (host) => {
    const collectors = "/usr/share/diamond/collectors";
    await step("a package of python-diamond's goes, its collectors in Python stay", () => {
      host.run("dpkg", ["-i", host.give(oldPackage())]);
      mkdirSync(host.path("/var/log/diamond"));
      writeFileSync(host.path("/var/log/diamond/archive.log"), "old\n");
      equal(host.run("dpkg-deb", ["-f", host.give(deb), "Replaces"]), "diamond, python-diamond\n");
      match(host.run("dpkg", ["-i", host.give(deb)]), /collectors were kept in/);
      equal(host.run("dpkg-query", ["-W", "-f", "${db:Status-Status}", "diamond"]), "config-files");
      for (const name of ["a/a.py", "b/b.py"]) {
        equal(readFileSync(host.path(`${collectors}/${name}`), "utf8"), `# ${name}\n`);
      }
      equal(readFileSync(host.path("/etc/diamond/diamond.conf"), "utf8"), "[server]\n");
    });
    await step("purged: what was there before stays, and what was changed since", () => {
      writeFileSync(host.path(`${collectors}/b/b.py`), "# changed\n");
      host.run("dpkg", ["-P", "diamond-agent"]);
      ok(existsSync(host.path("/etc/diamond/diamond.conf")));
      equal(readFileSync(host.path("/var/log/diamond/archive.log"), "utf8"), "old\n");
      ok(!existsSync(host.path(`${collectors}/a`)));
      ok(existsSync(host.path(`${collectors}/b/b.py`)));
      ok(!existsSync(host.path("/var/lib/diamond-agent")));
    });
  });

  await inDebian("beside it", async (host) => {
    await step("not started beside a running python-diamond, and told what to do", () => {
      // A Python, by its name, and a script called diamond, as far as a list of processes shows.
      run("cp", [host.path("/usr/bin/dash"), host.path("/usr/bin/python2")]);
      writeFileSync(host.path("/usr/bin/diamond"), "sleep 120; :\n");
      const old = spawn("chroot", [host.root, "/usr/bin/python2", "/usr/bin/diamond"]);
      try {
        const told = host.run("dpkg", ["-i", host.give(deb)]);
        match(told, /not started, because python-diamond runs \(process \d+\)/);
        match(told, /stop python-diamond .*\n.*update-rc\.d diamond-agent defaults/s);
        ok(!existsSync(host.path("/etc/rc2.d/S01diamond-agent")));
      } finally {
        old.kill();
      }
    });
  });

  await inDebian("by rpm", async (host) => {
    await step("by rpm: installed, verified, upgraded, removed", () => {
      const [first, second] = [["one", version], ["next", NEXT]].map(([folder, number]) =>
        join(work, folder, `diamond-agent-${number}-1.x86_64.rpm`)
      );
      const rpm = (...words: string[]) => run("rpm", ["--root", host.root, "--nodeps", ...words]);
      rpm("-i", first);
      equal(
        spawnSync("rpm", ["--root", host.root, "-V", "--nodeps", "diamond-agent"], {
          encoding: "utf8",
        }).stdout,
        "",
      );
      equal(sum(host.path("/usr/bin/diamond-agent")), sum(executable));
      ok(existsSync(host.path("/etc/diamond/diamond.conf")));
      rpm("-U", second);
      match(host.run("diamond-agent", ["check"]), /./);
      rpm("-e", "diamond-agent");
      ok(!existsSync(host.path("/usr/bin/diamond-agent")));
      ok(existsSync(host.path("/etc/diamond/diamond.conf")), "rpm has no purge");
    });
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed > 0 ? 1 : 0);

/** A package called `diamond`, with the files of one that matter. */
function oldPackage(): string {
  const folder = join(work, "old");
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const name of ["a/a.py", "b/b.py"]) {
    put(`usr/share/diamond/collectors/${name}`, `# ${name}\n`);
  }
  put("etc/diamond/diamond.conf", "[server]\n");
  put("DEBIAN/conffiles", "/etc/diamond/diamond.conf\n");
  put(
    "DEBIAN/control",
    "Package: diamond\nVersion: 4.0\nArchitecture: all\nMaintainer: a <a@b>\nDescription: old\n",
  );
  const file = join(work, "diamond_4.0_all.deb");
  run("dpkg-deb", ["--root-owner-group", "--build", folder, file]);
  return file;
}

interface Debian {
  readonly root: string;
  path(inside: string): string;
  /** Runs a command in it. */
  run(program: string, args: readonly string[]): string;
  /** Copies a file into it; returns where it is there. */
  give(file: string): string;
  edit(path: string, change: (text: string) => string): void;
}

async function inDebian(name: string, work_: (host: Debian) => Promise<void>): Promise<void> {
  const folder = join(work, name.replaceAll(" ", "_"));
  run("cp", ["-a", base, folder]);
  run("mount", ["-t", "proc", "proc", join(folder, "proc")]);
  const path = (inside: string) => join(folder, inside);
  try {
    await work_({
      root: folder,
      path,
      run(program, args) {
        const result = spawnSync("chroot", [folder, program, ...args], {
          encoding: "utf8",
          env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND: "noninteractive" },
          timeout: 60_000,
        });
        const output = result.stdout + result.stderr;
        if (result.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${output}`);
        return output;
      },
      give(file) {
        const inside = `/tmp/${file.split("/").at(-1)}`;
        run("cp", [file, path(inside)]);
        return inside;
      },
      edit(inside, change) {
        writeFileSync(path(inside), change(readFileSync(path(inside), "utf8")));
      },
    });
  } finally {
    spawnSync("chroot", [
      folder,
      "sh",
      "-c",
      "[ ! -x /etc/init.d/diamond-agent ] || /etc/init.d/diamond-agent stop",
    ]);
    run("umount", [join(folder, "proc")]);
  }
}

function lines(host: Debian): string[] {
  const file = host.path("/var/log/diamond/archive.log");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

/** Points in the spool. */
function waiting(host: Debian): number {
  const told = host.run("diamond-agent", ["spool", "ls", "--json"]);
  return (JSON.parse(told) as { points: number }[]).reduce((sum, { points }) => sum + points, 0);
}

function build(folder: string, number: string): void {
  for (const target of ["linux-x64", "linux-arm64"]) {
    run(process.execPath, [
      join(root, "build/release/package.ts"),
      ...["--out", folder, "--version", number, "--target", target],
    ]);
  }
}

async function step(name: string, work_: () => Promise<void> | void): Promise<void> {
  try {
    await work_();
    passed++;
    console.log(`ok     ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${name}: ${(error as Error).stack}`);
  }
}

function sum(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}${stdout}`);
  }
  return stdout;
}
