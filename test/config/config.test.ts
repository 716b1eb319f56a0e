import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { collectors } from "../../src/collectors/registry.ts";
import { didYouMean, formatProblem } from "../../src/config/problems.ts";
import { parseLiteral } from "../../src/config/python_literal.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import type { Settings } from "../../src/config/settings.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { memoryFiles } from "../harness/memory_files.ts";

const catalogue = { collectors, handlers };

/** Without the error that there is no collector: most of these configurations have none. */
async function resolve(
  texts: string | Record<string, string>,
  everything = false,
): Promise<Settings> {
  const settings = await resolveAll(texts, everything);
  const problems = settings.problems.filter(({ message }) => !message.startsWith("no collector"));
  return { ...settings, problems };
}

function resolveAll(texts: string | Record<string, string>, everything = false) {
  const files = typeof texts === "string" ? { "d.conf": texts } : texts;
  return resolveSettings({ path: "d.conf", files: memoryFiles(files), catalogue, everything });
}

const problemsOf = async (texts: string | Record<string, string>, everything = false) =>
  (await resolve(texts, everything)).problems.map(formatProblem);

const MINIMAL = "[server]\nhandlers = NullHandler\n";

describe("Python values of a log's args", () => {
  const cases: [text: string, value: unknown][] = [
    ["('a.log', 'a', 512 * 1024, 5)", ["a.log", "a", 524_288, 5]],
    ["('a.log', 'midnight', (1 + 2) * 3, 7 // 2)", ["a.log", "midnight", 9, 3]],
    ["('a.log',)", ["a.log"]],
    ["('a.log')", ["a.log"]],
    ["(10 - 2 * 3 % 4, -1)", [8, -1]],
  ];
  for (const [text, value] of cases) it(text, () => deepEqual(parseLiteral(text), value));
});

describe("the order of files", () => {
  it("is main, [configs], the directories; sorted; later wins; deep", async () => {
    const { collectors: found, files } = await resolve({
      "d.conf":
        `${MINIMAL}collectors_config_path = /c\n[configs]\npath = /x\n[collectors]\n[[default]]\ninterval = 7\n[[CPUCollector]]\nenabled = True\ninterval = 1\n`,
      "/x/b.conf": "[collectors]\n[[CPUCollector]]\ninterval = 3\npercore = False\n",
      "/x/a.conf": "[collectors]\n[[CPUCollector]]\ninterval = 2\n",
      "/x/note.txt": "not read",
      "/c/CPUCollector.conf": "interval = 4\n",
      "/c/MemoryCollector.conf": "enabled = True\n",
      "/c/UptimeCollector two.conf": "enabled = yes\npath = up2\n",
      "/c/UptimeCollector.conf": "metric_name = hours\n",
    });
    deepEqual(files, [
      "d.conf",
      "/x/a.conf",
      "/x/b.conf",
      "/c/CPUCollector.conf",
      "/c/MemoryCollector.conf",
      "/c/UptimeCollector two.conf",
      "/c/UptimeCollector.conf",
    ]);
    const named = Object.fromEntries(found.map(({ section, options }) => [section, options]));
    deepEqual(Object.keys(named).sort(), [
      "CPUCollector",
      "MemoryCollector",
      "UptimeCollector two",
    ]);
    deepEqual([
      named.CPUCollector.interval,
      named.CPUCollector.percore,
      named.MemoryCollector.interval,
    ], [4, false, 7]);
    const instance = named["UptimeCollector two"];
    deepEqual(
      [instance.path, instance.metric_name],
      ["up2", "minutes"],
      "an instance does not inherit from the class's section",
    );
  });

  it("resolves names of a file within the file", async () => {
    deepEqual(
      await problemsOf({
        "d.conf": `x = 1\n${MINIMAL}collectors_config_path = /c\n`,
        "/c/CPUCollector.conf": "enabled = True\npath = %(x)s\n",
      }),
      [
        "/c/CPUCollector.conf:2: error: path: %(x)s names nothing in this section or above it",
        'd.conf:1: error: unknown key "x" outside of any section',
      ],
    );
  });
});

describe("handlers", () => {
  it("are found by the last part of Diamond's class path", async () => {
    const { handlers: found } = await resolve(
      "[server]\nhandlers = diamond.handler.graphite.GraphiteHandler, diamond.handler.queue.QueueHandler, NullHandler\n",
    );
    deepEqual(found.map(({ section }) => section), ["GraphiteHandler", "NullHandler"]);
  });

  it("take their values from their section, then from [[default]]", async () => {
    const { handlers: [graphite] } = await resolve(
      "[server]\nhandlers = GraphiteHandler,\n[handlers]\nkeys = console\n[[default]]\ntimeout = 3\nbatch = 9\n[[GraphiteHandler]]\nbatch = 5\nhost = h\n",
    );
    deepEqual([
      graphite.options.timeout,
      graphite.options.batch,
      graphite.options.host,
      graphite.options.port,
    ], [3, 5, "h", 2003]);
  });
});

describe("problems", () => {
  it("are told all at once, with file, line, what was found, what is allowed, what was meant", async () => {
    const found = await problemsOf(
      "[server]\nhandlers = GraphitHandler, NullHandler\npid_fil = x\n[handlers]\n[[NullHandler]]\nbatch = many\n[collectors]\n[[CPUCollector]]\nenabled = perhaps\n[[MemoryColector]]\nenabled = True\n[[UptimeCollector]]\nenabled = True\nintervall = 5\nmetric_name = months\nmetrics_whitelist = (\n[servr]\n",
    );
    // What the runtime says of the expression differs from engine to engine.
    deepEqual(found.map((line) => line.replace(/(regular expression: ).*(?= \(allowed)/, "$1…")), [
      'd.conf:17: error: unknown section [servr], did you mean "server"?',
      'd.conf:3: error: unknown option "pid_fil" in [server], did you mean "pid_file"?',
      'd.conf:9: error: enabled of [[CPUCollector]]: cannot read "perhaps" as a bool',
      'd.conf:10: error: there is no collector "MemoryColector", did you mean "MemoryCollector"?',
      'd.conf:16: error: metrics_whitelist of [[UptimeCollector]]: cannot use "(" as a regular expression: … (allowed: regular expressions in Python\'s syntax)',
      'd.conf:15: error: metric_name of [[UptimeCollector]]: "months" is not a unit of time: use one such as ms, millisecond, milliseconds, s, second, seconds, m, minute (allowed: seconds, minutes, hours, days, years …)',
      'd.conf:14: error: unknown option "intervall" in [[UptimeCollector]], did you mean "interval"?',
      'd.conf:2: error: there is no handler "GraphitHandler", did you mean "GraphiteHandler"?',
      'd.conf:6: error: batch of [[NullHandler]]: cannot read "many" as a whole number (allowed: at least 1)',
      "d.conf:2: error: none of the handlers can be used: metrics would go nowhere",
    ]);
  });

  it("a broken collector is left out, the others stay", async () => {
    const { collectors: found, problems } = await resolve(
      `${MINIMAL}[collectors]\n[[CPUCollector]]\nenabled = True\ninterval = soon\n[[MemoryCollector]]\nenabled = True\n`,
    );
    deepEqual(found.map(({ section }) => section), ["MemoryCollector"]);
    deepEqual(problems.map(({ fatal, line }) => [fatal, line]), [[false, 6]]);
  });

  it("what is not there and not used is a warning only", async () => {
    const { problems } = await resolve(
      `${MINIMAL}[handlers]\n[[UnheardHandler]]\nport = 1\n[collectors]\n[[MogilefsCollector]]\nenabled = False\n[[ScribeCollector]]\nenabled = True\n`,
      true,
    );
    deepEqual(problems.map(({ severity, line, fatal }) => [severity, line, fatal]), [
      ["warning", 7, false],
      ["error", 9, false],
      ["warning", 4, false],
    ]);
  });

  it("both lists are one too many", async () => {
    const [problem] = await problemsOf(
      `${MINIMAL}[collectors]\n[[CPUCollector]]\nenabled = True\nmetrics_whitelist = a\nmetrics_blacklist = b\n`,
    );
    ok(problem.includes("d.conf:7: error: [[CPUCollector]] has both"));
  });

  it("without handlers there is nothing to do", async () => {
    equal((await resolve("[server]\n")).problems.some(({ fatal }) => fatal), true);
    equal(
      (await resolve("[server]\nhandlers = NoSuchHandler\n")).problems.some(({ fatal }) => fatal),
      true,
    );
    equal(
      (await resolve("[handlers]\n")).problems.some(({ fatal, message }) =>
        fatal && message.includes("[server]")
      ),
      true,
    );
  });

  it("what a handler cannot do without is found before the start", async () => {
    deepEqual(
      await problemsOf(
        "[server]\nhandlers = ArchiveHandler, MultiGraphiteHandler\n[handlers]\n[[MultiGraphiteHandler]]\nhost = a:1, b:0\n",
      ),
      [
        "d.conf:2: error: log_file is needed in [[ArchiveHandler]]",
        'd.conf:5: error: "b:0" is no host or host:port in [[MultiGraphiteHandler]]',
        "d.conf:2: error: none of the handlers can be used: metrics would go nowhere",
      ],
    );
  });

  it("without collectors there is nothing to do", async () => {
    for (const text of ["", "[collectors]\n[[CPUCollector]]\nenabled = True\ninterval = 2s\n"]) {
      const { problems } = await resolveAll(MINIMAL + text);
      deepEqual(problems.filter(({ fatal }) => fatal).map(({ message }) => message), [
        "no collector is enabled that can be used: there would be nothing to send",
      ]);
    }
  });

  it("guesses near words only", () => {
    equal(didYouMean("hostt", ["host", "port"]), ', did you mean "host"?');
    equal(didYouMean("xyz", ["host", "port"]), "");
  });
});

describe("values", () => {
  it("__proto__ and its like are just keys", async () => {
    const { problems, collectors: found } = await resolve(
      `${MINIMAL}[collectors]\n[[__proto__]]\nenabled = True\n[[CPUCollector]]\nenabled = True\n__proto__ = 1\nconstructor = 2\n`,
    );
    equal(problems.length, 3);
    equal(found[0].options.interval, 300);
    equal(({} as Record<string, unknown>).enabled, undefined);
  });

  it("an empty path leaves the component out, no path keeps the collector's", async () => {
    const { collectors: found } = await resolve(
      `${MINIMAL}[collectors]\n[[CPUCollector]]\nenabled = True\npath =\n[[MemoryCollector]]\nenabled = True\n`,
    );
    deepEqual(found.map(({ options }) => options.path), ["", "memory"]);
  });
});

describe("the log's sections", () => {
  const log = (text: string) =>
    resolve(
      `${MINIMAL}[loggers]\nkeys = root\n[logger_root]\nlevel = WARN\nhandlers = h\n[formatter_f]\nformat = [%(asctime)s], %(message)s ; why\n${text}`,
    );

  it("classes and arguments of Python", async () => {
    const target = async (text: string) =>
      (await log(`[handler_h]\nlevel = DEBUG\nformatter = f\n${text}\n`)).log.outputs[0].to;
    deepEqual(
      await target("class = handlers.TimedRotatingFileHandler\nargs = ('/l', 'midnight', 1, 7)"),
      {
        kind: "file",
        path: "/l",
        rotation: {
          when: "MIDNIGHT",
          interval: 1,
          keep: 7,
          maxBytes: 0,
          gzip: false,
          utc: false,
          watch: false,
        },
      },
    );
    deepEqual(
      await target(
        "class = handlers.RotatingFileHandler\nargs = ('/a,b', 'a', 1000, 3)\ngzip = True",
      ),
      {
        kind: "file",
        path: "/a,b",
        rotation: {
          when: "SIZE",
          interval: 1,
          keep: 3,
          maxBytes: 1000,
          gzip: true,
          utc: false,
          watch: false,
        },
      },
    );
    deepEqual(await target("class = StreamHandler\nargs = (sys.stdout,)"), {
      kind: "stream",
      stream: "stdout",
    });
    deepEqual(
      await target(
        "class = handlers.SysLogHandler\nargs = (('h', 514), handlers.SysLogHandler.LOG_LOCAL3)",
      ),
      {
        kind: "syslog",
        address: ["h", 514],
        facility: 19,
      },
    );
    deepEqual(await target("class = handlers.SysLogHandler\nargs = ('/dev/log',)"), {
      kind: "syslog",
      address: "/dev/log",
      facility: 1,
    });
  });

  it("levels and formats, as they stand", async () => {
    const { log: plan, problems } = await log(
      "[handler_h]\nclass = StreamHandler\nlevel = INFO\nformatter = f\n",
    );
    deepEqual([plan.level, plan.outputs[0].level, plan.outputs[0].format, problems], [
      30,
      20,
      "[%(asctime)s], %(message)s",
      [],
    ]);
  });

  it("what makes no sense is a warning, and there is some log", async () => {
    const { problems } = await log("[handler_h]\nclass = FileHandler\nargs = ('a' 'b')\n");
    deepEqual(problems.map(({ severity, line }) => [severity, line]), [["warning", 12]]);
    equal((await resolve(MINIMAL)).log.outputs.length, 1);
  });

  it("Python's tuples", () => {
    deepEqual(parseLiteral("('a', \"b\", 1, -2.5, True, None, (x.y,), [1])"), [
      "a",
      "b",
      1,
      -2.5,
      true,
      null,
      [{ name: "x.y" }],
      [1],
    ]);
  });
});
