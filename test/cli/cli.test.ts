import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArgsDef } from "citty";
import { normaliseFlags, UsageError } from "../../src/cli/flags.ts";

const DEFS: ArgsDef = {
  configfile: { type: "string", alias: ["c"] },
  foreground: { type: "boolean", alias: ["f"] },
  "log-stdout": { type: "boolean", alias: ["l"] },
  "skip-fork": { type: "boolean" },
  "skip-pidfile": { type: "boolean" },
};

describe("flags", () => {
  const cases: [string, string[]][] = [
    ["-lf", ["--log-stdout", "--foreground"]],
    ["-lfc /x", ["--log-stdout", "--foreground", "--configfile=/x"]],
    ["-c/x -f", ["--configfile=/x", "--foreground"]],
    ["-c /x", ["--configfile=/x"]],
    ["--configfile /x", ["--configfile=/x"]],
    ["--configfile=/x=y", ["--configfile=/x=y"]],
    ["--conf /x --fore", ["--configfile=/x", "--foreground"]],
    ["--skip-p", ["--skip-pidfile"]],
  ];
  for (const [line, expected] of cases) {
    it(line, () => deepEqual(normaliseFlags(line.split(" "), DEFS), expected));
  }

  const wrong: [string, RegExp][] = [
    ["-x", /unknown flag -x$/],
    ["-lx", /unknown flag -x in -lx/],
    ["--skip", /may be --skip-fork or --skip-pidfile/],
    ["--foregroun=1", /takes no value/],
    ["--configfle x", /did you mean "configfile"/],
    ["-c", /-c needs a value/],
    ["word", /unexpected "word"/],
  ];
  for (const [line, message] of wrong) {
    it(`${line} is refused`, () => {
      throws(() => normaliseFlags(line.split(" "), DEFS), (error: Error) => {
        equal(error instanceof UsageError, true);
        return message.test(error.message);
      });
    });
  }
});
