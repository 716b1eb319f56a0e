/**
 * `npm run package [-- --version V] [--target NAME] [--out DIR]`: Debian's and RPM packages for amd64
 * and arm64, and an archive for each target, in build/out/packages. dpkg-deb, rpmbuild and tar make
 * them. The same commit gives the same bytes: all times are the commit's.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { serviceFiles } from "../../src/cli/service/service_files.ts";
import { TARGETS } from "./compile.ts";
import {
  afterInstall,
  afterPurge,
  afterRemove,
  beforeInstall,
  beforeRemove,
  PREDECESSORS,
} from "./package_scripts.ts";

const root = join(import.meta.dirname!, "../..");
const metadata = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const { values: flags } = parseArgs({
  options: {
    version: { type: "string", default: metadata.version },
    target: { type: "string" },
    out: { type: "string", default: join(root, "build/out/packages") },
  },
});
const { version, out } = flags;
const environment: NodeJS.ProcessEnv = { ...process.env, TZ: "UTC", LC_ALL: "C" };
const epoch = run("git", ["log", "-1", "--format=%ct"]).trim();
environment.SOURCE_DATE_EPOCH = epoch;

/** Architectures of the packages, by target. */
const DEB: Readonly<Record<string, string>> = { "linux-x64": "amd64", "linux-arm64": "arm64" };
const RPM: Readonly<Record<string, string>> = { "linux-x64": "x86_64", "linux-arm64": "aarch64" };
const PATHS = { program: "/usr/bin/diamond-agent", config: "/etc/diamond/diamond.conf" };
const LICENCE = "MIT";
const SUMMARY = "collects a host's metrics and ships them to Graphite and its kin";
const DESCRIPTION =
  "The successor of python-diamond in one executable: the same configuration, the same metrics.";

const installed = spawnSync("sh", [join(root, "build/release/install")], { stdio: "inherit" });
if (installed.status !== 0) process.exit(1);
mkdirSync(out, { recursive: true });
for (const name of flags.target === undefined ? Object.keys(TARGETS) : [flags.target]) {
  const program = built(name);
  if (DEB[name] !== undefined) tell(deb(name, program), program);
  if (RPM[name] !== undefined) tell(rpm(name, program), program);
  tell(archive(name, program), program);
}
const names = readdirSync(out).filter((name) => name !== "SHA256SUMS").sort();
writeFileSync(
  join(out, "SHA256SUMS"),
  names.map((name) => `${sum(join(out, name))}  ${name}\n`).join(""),
);
console.log(`In ${out}, with SHA256SUMS`);

/** All that a package installs, below a folder. */
function tree(program: string): string {
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  const put = (path: string, text: string | Uint8Array, mode = 0o644) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, text);
    chmodSync(file, mode);
  };
  const conf = (name: string) => readFileSync(join(root, "conf", name), "utf8");
  const zipped = (text: string) => gzipSync(text, { level: 9 });
  mkdirSync(join(folder, "usr/bin"), { recursive: true });
  copyFileSync(program, join(folder, "usr/bin/diamond-agent"));
  chmodSync(join(folder, "usr/bin/diamond-agent"), 0o755);
  put("usr/lib/systemd/system/diamond-agent.service", serviceFiles.systemd.text(PATHS));
  put("etc/init.d/diamond-agent", serviceFiles.sysv.text(PATHS), 0o755);
  put("usr/share/man/man1/diamond-agent.1.gz", zipped(conf("diamond-agent.1")));
  put(
    "usr/share/bash-completion/completions/diamond-agent",
    conf("completions/diamond-agent.bash"),
  );
  put("usr/share/zsh/vendor-completions/_diamond-agent", conf("completions/diamond-agent.zsh"));
  put(
    "usr/share/fish/vendor_completions.d/diamond-agent.fish",
    conf("completions/diamond-agent.fish"),
  );
  put("usr/share/diamond-agent/diamond.conf", sample());
  put("usr/share/diamond-agent/diamond.vim", conf("diamond.vim"));
  const doc = "usr/share/doc/diamond-agent";
  put(`${doc}/copyright`, readFileSync(join(root, "LICENSE"), "utf8"));
  put(`${doc}/THIRD-PARTY`, readFileSync(join(root, "src/cli/third_party.txt"), "utf8"));
  put(`${doc}/changelog.gz`, zipped(readFileSync(join(root, "CHANGELOG.md"), "utf8")));
  put(`${doc}/README.md`, readFileSync(join(root, "README.md"), "utf8"));
  cpSync(join(root, "docs"), join(folder, doc, "docs"), { recursive: true });
  put(`${doc}/REFERENCE.md`, conf("REFERENCE.md"));
  for (const kind of ["collectors", "handlers"]) {
    cpSync(join(root, "conf", kind), join(folder, doc, "examples", kind), { recursive: true });
  }
  run("find", [folder, "-type", "d", "-exec", "chmod", "755", "{}", "+"]);
  run("find", [folder, "-exec", "touch", "-h", "-d", `@${epoch}`, "{}", "+"]);
  return folder;
}

/** The sample, into the folders that a service may write to. */
function sample(): string {
  return readFileSync(join(root, "conf/diamond.conf"), "utf8")
    .replace(/^state_path = var$/m, "# state_path = /var/lib/diamond")
    .replace(/^collectors_config_path = .*$/m, "# collectors_config_path = /etc/diamond/collectors")
    .replace(/^log_file = var\/archive\.log$/m, "log_file = /var/log/diamond/archive.log")
    .replace(/^path = var\/history\.db$/m, "# path = /var/lib/diamond/history.db")
    .replaceAll("conf/diamond.conf", "/etc/diamond/diamond.conf");
}

function deb(name: string, program: string): string {
  const folder = tree(program);
  const control = join(folder, "DEBIAN");
  mkdirSync(control);
  const kilobytes = Math.ceil(Number(run("du", ["-sb", folder]).split("\t")[0]) / 1024);
  const script = (file: string, body: string) => {
    writeFileSync(join(control, file), `#!/bin/sh\nset -e\n${body}`);
    chmodSync(join(control, file), 0o755);
  };
  writeFileSync(
    join(control, "control"),
    `Package: diamond-agent
Version: ${version}
Architecture: ${DEB[name]}
Maintainer: The diamond-agent developers <diamond-agent@localhost>
Installed-Size: ${kilobytes}
Depends: libc6 (>= 2.17)
Suggests: graphite-carbon, python3
Conflicts: ${PREDECESSORS.join(", ")}
Replaces: ${PREDECESSORS.join(", ")}
Section: admin
Priority: optional
Description: ${SUMMARY}
 ${DESCRIPTION}
`,
  );
  writeFileSync(join(control, "conffiles"), "/etc/init.d/diamond-agent\n");
  const files = run("find", [
    folder,
    "-type",
    "f",
    "-not",
    "-path",
    `${control}/*`,
    "-printf",
    "%P\n",
  ])
    .trim().split("\n").sort();
  writeFileSync(
    join(control, "md5sums"),
    files.map((file) =>
      `${createHash("md5").update(readFileSync(join(folder, file))).digest("hex")}  ${file}\n`
    ).join(""),
  );
  script("preinst", `case "$1" in\ninstall | upgrade)\n${beforeInstall} ;;\nesac\n`);
  script("postinst", `[ "$1" = configure ] || exit 0\n${afterInstall('[ -z "$2" ]')}`);
  script("prerm", `[ "$1" = remove ] || exit 0\n${beforeRemove}`);
  script(
    "postrm",
    `case "$1" in\nremove) ${"\n" + afterRemove} ;;\npurge)\n${afterPurge} ;;\nesac\n`,
  );
  run("find", [control, "-exec", "touch", "-h", "-d", `@${epoch}`, "{}", "+"]);
  const file = join(out, `diamond-agent_${version}_${DEB[name]}.deb`);
  // gzip: what every dpkg that is in use can read.
  run("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z6", "--build", folder, file]);
  rmSync(folder, { recursive: true });
  return file;
}

function rpm(name: string, program: string): string {
  const folder = tree(program);
  const work = mkdtempSync(join(tmpdir(), "rpm-"));
  const files = run("find", [folder, "-type", "f", "-printf", "/%P\n"]).trim().split("\n").sort();
  const plain = version.replaceAll("-", "~");
  const machine = RPM[name];
  writeFileSync(
    join(work, "diamond-agent.spec"),
    `%global debug_package %{nil}
%global __os_install_post %{nil}
%global __strip /bin/true
%global _build_id_links none
%global _buildhost localhost
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _binary_payload w6.gzdio
Name: diamond-agent
Version: ${plain}
Release: 1
Summary: ${SUMMARY}
License: ${LICENCE}
AutoReqProv: no
Requires: glibc >= 2.17
${PREDECESSORS.map((name) => `Conflicts: ${name}`).join("\n")}
%description
${DESCRIPTION}
%install
cp -a ${folder}/. %{buildroot}/
%post
${afterInstall('[ "$1" = 1 ]')}
%preun
[ "$1" = 0 ] || exit 0
${beforeRemove}
%postun
[ "$1" = 0 ] || exit 0
${afterRemove}
%files
%dir /usr/share/diamond-agent
%dir /usr/share/doc/diamond-agent
%dir /usr/share/doc/diamond-agent/docs
%dir /usr/share/doc/diamond-agent/examples
%dir /usr/share/doc/diamond-agent/examples/collectors
%dir /usr/share/doc/diamond-agent/examples/handlers
${files.map((path) => path.startsWith("/etc/") ? `%config(noreplace) ${path}` : path).join("\n")}
`,
  );
  run("rpmbuild", [
    ...["-bb", "--quiet", "--target", machine, "--define", `_topdir ${work}`],
    ...["--define", `_rpmdir ${work}/out`, "--buildroot", join(work, "root")],
    join(work, "diamond-agent.spec"),
  ]);
  const file = join(out, `diamond-agent-${plain}-1.${machine}.rpm`);
  copyFileSync(join(work, "out", machine, `diamond-agent-${plain}-1.${machine}.rpm`), file);
  rmSync(folder, { recursive: true });
  rmSync(work, { recursive: true });
  return file;
}

/** What `scp` wants: one folder with the executable and all that goes with it. */
function archive(name: string, program: string): string {
  const work = mkdtempSync(join(tmpdir(), "archive-"));
  const title = `diamond-agent-${version}-${name}`;
  const folder = join(work, title);
  mkdirSync(folder);
  copyFileSync(
    program,
    join(folder, name.startsWith("windows") ? "diamond-agent.exe" : "diamond-agent"),
  );
  for (const file of ["LICENSE", "README.md", "CHANGELOG.md", "docs", "conf"]) {
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
  copyFileSync(join(root, "src/cli/third_party.txt"), join(folder, "THIRD-PARTY"));
  const file = join(out, `${title}.tar.zst`);
  run("tar", [
    ...[
      "-C",
      work,
      "--sort=name",
      `--mtime=@${epoch}`,
      "--owner=0",
      "--group=0",
      "--numeric-owner",
    ],
    ...["--mode=u+rwX,go+rX,go-w", "-I", "zstd -T1 -6", "-cf", file, title],
  ]);
  rmSync(work, { recursive: true });
  return file;
}

/** What is in the package is what was built: stripping would make another program of it. */
function tell(file: string, program: string): void {
  const folder = mkdtempSync(join(tmpdir(), "unpacked-"));
  if (file.endsWith(".deb")) run("dpkg-deb", ["-x", file, folder]);
  else if (file.endsWith(".rpm")) {
    run("sh", ["-c", `cd ${folder} && rpm2cpio ${file} | cpio -idm --quiet`]);
  } else run("tar", ["-C", folder, "-I", "zstd -d", "-xf", file]);
  const packed = run("find", [folder, "-type", "f", "-size", "+50M"]).trim();
  const same = packed !== "" && sum(packed) === sum(program);
  rmSync(folder, { recursive: true });
  if (!same) throw new Error(`${file}: the executable in it is not the one that was built`);
  console.log(`${file.split("/").at(-1)}  executable whole: ${sum(program).slice(0, 16)}…`);
}

function built(name: string): string {
  const file = join(
    root,
    `build/out/diamond-agent-${name}${name.startsWith("windows") ? ".exe" : ""}`,
  );
  if (!existsSync(file)) {
    run(process.execPath, [
      join(root, "build/release/compile.ts"),
      "--target",
      name,
      "--no-compress",
    ]);
  }
  return file;
}

function sum(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    env: environment,
    maxBuffer: 1e8,
  });
  if (status !== 0) {
    console.error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}${stdout}`);
    process.exit(1);
  }
  return stdout;
}
