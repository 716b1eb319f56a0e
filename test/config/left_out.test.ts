import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { collectors } from "../../src/collectors/registry.ts";
import { formatProblem } from "../../src/config/problems.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { handlers } from "../../src/handlers/registry.ts";
import type { PluginLoader } from "../../src/ports/plugins.ts";
import { memoryFiles } from "../harness/memory_files.ts";

const resolve = (text: string, more: Record<string, string> = {}) =>
  resolveSettings({
    path: "d.conf",
    files: memoryFiles({ "d.conf": text, ...more }),
    catalogue: { collectors, handlers },
  });

const SERVER = "[server]\nhandlers = NullHandler\n";
const SOUND = "[[UptimeCollector]]\nenabled = True\n";

/** Which sections run, and which do not though they are enabled. */
async function partsOf(text: string, more: Record<string, string> = {}) {
  const settings = await resolve(text, more);
  return {
    runs: [...settings.collectors, ...settings.handlers].map(({ section }) => section),
    leftOut: settings.leftOut.map(({ section }) => section),
    fatal: settings.problems.filter(({ fatal }) => fatal).map(formatProblem),
    errors: settings.problems.filter(({ severity }) => severity === "error").map(formatProblem),
    reasons: settings.leftOut.map(({ reason }) => reason),
  };
}

describe("a configuration with errors runs what is valid", () => {
  for (
    const [what, text, reason] of [
      ["a value", "interval = 2s", /^d\.conf:6: interval of \[\[CPUCollector\]\]: .*2s/],
      ["a line", "no line at all", /^d\.conf:6: cannot read "no line at all"/],
      ["quotes", 'path = "x', /^d\.conf:6: cannot read the value of "path"/],
      ["a reference", "path = %(nothing)s", /^d\.conf:6: path: %\(nothing\)s names nothing/],
      ["both lists", "metrics_whitelist = a\nmetrics_blacklist = b", /^d\.conf:7: .*has both/],
    ] as const
  ) {
    it(`${what} that cannot be read costs its own section`, async () => {
      const { runs, leftOut, fatal, reasons } = await partsOf(
        `${SERVER}[collectors]\n[[CPUCollector]]\nenabled = True\n${text}\n${SOUND}`,
      );
      deepEqual([runs, leftOut, fatal], [["UptimeCollector", "NullHandler"], ["CPUCollector"], []]);
      ok(reason.test(reasons[0]), reasons[0]);
    });
  }

  for (const header of ["[[CPUCollector]", "[[CPUCollector"]) {
    it(`what follows the header ${header} belongs to no other section`, async () => {
      const { runs, errors } = await partsOf(
        `${SERVER}[collectors]\n${
          SOUND.replace("True", "False")
        }${header}\nenabled = True\ninterval = 3\n` +
          "[[MemoryCollector]]\nenabled = True\n",
      );
      deepEqual(runs, ["MemoryCollector", "NullHandler"]);
      equal(errors.length, 1, errors.join("\n"));
    });
  }

  it("an error in the defaults costs all that take them", async () => {
    for (const line of ["interval = 2s", "hostname web1"]) {
      const { leftOut, fatal } = await partsOf(
        `${SERVER}[collectors]\n[[default]]\n${line}\n${SOUND}[[CPUCollector]]\nenabled = True\n`,
      );
      deepEqual([leftOut, fatal.length], [["UptimeCollector", "CPUCollector"], 1]);
    }
  });

  it("a handler with an error sends nothing to the place of its defaults", async () => {
    for (const line of ["port = 20o3", "host 10.0.0.5", 'host = "x', "host = %(away)s"]) {
      const { runs, leftOut, fatal } = await partsOf(
        "[server]\nhandlers = GraphiteHandler, NullHandler\n" +
          `[handlers]\n[[GraphiteHandler]]\n${line}\n[collectors]\n${SOUND}`,
      );
      deepEqual([runs, leftOut, fatal], [
        ["UptimeCollector", "NullHandler"],
        ["GraphiteHandler"],
        [],
      ]);
    }
  });

  it("a file of a folder costs itself, an option of [server] only its value", async () => {
    const { runs, leftOut, fatal, errors } = await partsOf(
      `${SERVER}collectors_config_path = /c\nmax_memory = lots\n[collectors]\n${SOUND}`,
      { "/c/CPUCollector.conf": "enabled = True\noops\n" },
    );
    deepEqual([runs, leftOut, fatal], [["UptimeCollector", "NullHandler"], ["CPUCollector"], []]);
    equal(errors.length, 2);
  });

  it("who the agent runs as is not guessed", async () => {
    for (const line of ["user nobody", 'group = "x', "user = a\nuser = b"]) {
      const { fatal } = await partsOf(`${SERVER}${line}\n[collectors]\n${SOUND}`);
      equal(fatal.length, 1, line);
    }
    const { fatal } = await partsOf(`${SERVER}pid_file x\n[collectors]\n${SOUND}`);
    deepEqual(fatal, []);
  });

  it("a collector whose plugin cannot be used says why", async () => {
    const broken = (path: string, problem: string) => ({ path, names: [], problem });
    const loader = (files: readonly ReturnType<typeof broken>[]) =>
      ({
        load: () => Promise.resolve({ collectors: {}, handlers: {}, files, folders: [] }),
      }) as unknown as PluginLoader;
    const reasonWith = async (...files: ReturnType<typeof broken>[]) => {
      const { leftOut } = await resolveSettings({
        path: "d.conf",
        files: memoryFiles({
          "d.conf":
            `${SERVER}collectors_path = /c\n[collectors]\n[[DiskThingCollector]]\nenabled = True\n${SOUND}`,
        }),
        catalogue: { collectors, handlers },
        custom: { loader: loader(files) },
      });
      return leftOut[0].reason.replace(/^there is no collector "DiskThingCollector"/, "");
    };
    const other = broken("/c/other.ts", "no such module");
    equal(await reasonWith(), "");
    equal(await reasonWith(other), "; /c/other.ts: no such module");
    const own = broken("/c/disk_thing.py", "SyntaxError");
    equal(await reasonWith(other, own), "; /c/disk_thing.py: SyntaxError");
    equal(await reasonWith(other, other), "; 2 files with plugins cannot be used");
  });

  it("an unknown collector or handler is missing, what is not enabled is off", async () => {
    const { leftOut, off } = await resolve(
      "[server]\nhandlers = NullHandler, UnheardHandler\n[handlers]\n[[GraphiteHandler]]\n" +
        `[collectors]\n[[NoCollector]]\nenabled = True\n[[CPUCollector]]\nenabled = False\n${SOUND}`,
    );
    deepEqual(leftOut.map(({ section, kind }) => `${kind} ${section}`), [
      "collector NoCollector",
      "handler UnheardHandler",
    ]);
    deepEqual(off, { collectors: ["CPUCollector"], handlers: ["GraphiteHandler"] });
  });
});
