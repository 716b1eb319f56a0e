/** The agent in a folder that somebody has prepared for it: nothing there is read, nothing is run. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { executable, noExecutable, temporary } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { notRoot } from "../harness/jail.ts";

const { path: directory, remove } = temporary();
after(remove);

const noStrace = existsSync("/usr/bin/strace") ? false : "strace is not installed";
const HOSTILE = `require("node:fs").writeFileSync("${directory}/was-run", "by " + process.pid);`;
const files: Readonly<Record<string, string>> = {
  ".env":
    "HOST_PROC=/nowhere\nBUN_OPTIONS=--preload ./preload.js\nNODE_OPTIONS=--require ./preload.js\n",
  ".env.local": "HOST_PROC=/nowhere\n",
  ".env.production": "HOST_PROC=/nowhere\n",
  "bunfig.toml": 'preload = ["./preload.js"]\n[run]\npreload = ["./preload.js"]\n',
  "package.json": '{"type":"module","main":"./preload.js","imports":{"#x":"./preload.js"}}',
  "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./preload.js"]}}}',
  "deno.json": '{"imports":{"consola":"./preload.js"}}',
  "preload.js": HOSTILE,
  "node_modules/consola/index.js": HOSTILE,
  "node_modules/diamond-agent/index.js": HOSTILE,
};

describeWith("a hostile folder", noExecutable || noStrace || notRoot, () => {
  const folder = join(directory, "hostile");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  // Its parents are looked through by some runtimes.
  writeFileSync(join(directory, ".env"), files[".env"]);
  writeFileSync(join(directory, "bunfig.toml"), files["bunfig.toml"]);
  // With the sticky bit: below a folder where everybody can replace files root would run no plugin.
  chmodSync(directory, 0o1777);
  const conf = join(directory, "diamond.conf");
  mkdirSync(join(directory, "own"), { recursive: true });
  writeFileSync(
    join(directory, "own/own.ts"),
    'import { gauge } from "diamond-agent";\nexport default { name: "OwnCollector", metrics: { v: gauge("") }, collect({ emit }) { emit("v", 1); } };\n',
  );
  writeFileSync(
    conf,
    `[server]\nhandlers = NullHandler\ncollectors_path = ${directory}/own\nstate_path = off\nsocket = off\n[handlers]\n[[NullHandler]]\n[collectors]\n[[OwnCollector]]\nenabled = True\n`,
  );

  for (
    const [who, prefix] of [["root", []], ["a user", [
      "setpriv",
      "--reuid=65534",
      "--clear-groups",
    ]]] as const
  ) {
    for (
      const words of [["collect", "OwnCollector", "LoadAverageCollector", "-c", conf], ["version"]]
    ) {
      it(`is neither read nor run: ${words[0]} as ${who}`, () => {
        const trace = join(directory, `trace-${who.replace(" ", "-")}-${words[0]}`);
        writeFileSync(trace, "");
        chmodSync(trace, 0o666);
        const { status, stderr } = spawnSync("/usr/bin/strace", [
          ...["-f", "-y", "-e", "trace=open,openat,openat2,execve,stat,readlink", "-o", trace],
          ...[...prefix, executable, ...words],
        ], { cwd: folder, encoding: "utf8", env: { PATH: "/usr/bin:/bin", HOME: folder } });
        equal(status, 0, stderr);
        const calls = readFileSync(trace, "utf8").split("\n");
        ok(calls.some((line) => line.includes("execve(")), "something was traced");
        deepEqual(
          calls.filter((line) =>
            /\.env|bunfig|package\.json|tsconfig\.json|deno\.json|preload|hostile[^"]*node_modules/
              .test(
                line.replace(/<[^>]*>/g, ""),
              ) && !line.includes("ENOENT")
          ),
          [],
        );
        ok(!existsSync(join(directory, "was-run")), "nothing of it was run");
      });
    }
  }
});
