/** The log: consola with one reporter for each output of the plan. */

import { type ConsolaInstance, createConsola, LogLevels, type LogObject } from "consola/core";
import { codeOf, messageOf } from "../../core/errors.ts";
import { paragraph } from "../../core/visible.ts";
import type { Log } from "../../ports/log.ts";
import type { LogOutput, LogPlan, LogTarget } from "../../ports/log_plan.ts";
import { formatRecord, levelName, levels, type LogRecord } from "../../formats/log_record.ts";
import { openAppender } from "./appender.ts";
import { localZone } from "./local_zone.ts";
import { writeText } from "../runtime/stdio.ts";
import { openSyslog } from "./syslog.ts";

interface OpenLog extends Log {
  /** Why an output cannot be written now; undefined where all can. */
  problem(): string | undefined;
  close(): void;
}

interface LogRequest {
  readonly plan: LogPlan;
  /** `-l`: also to stdout, in Diamond's form for it. */
  readonly toStdout: boolean;
  /** What the log itself has to say: an output that cannot be opened. */
  readonly complain: (message: string) => void;
}

/** Writes one line; may throw. */
interface Output {
  write(line: string, record: LogRecord): void;
  /** Why it is not open, where its file system does not answer. */
  readonly problem?: string;
  close(): void;
}

const LEVEL_OF_TYPE: Readonly<Record<string, number>> = {
  fatal: levels.CRITICAL,
  error: levels.ERROR,
  warn: levels.WARNING,
  info: levels.INFO,
  debug: levels.DEBUG,
};

export function openLog({ plan, toStdout, complain }: LogRequest): OpenLog {
  const started = Date.now();
  const outputs: { settings: LogOutput; output: Output; broken?: string }[] = [];
  for (const settings of plan.outputs) {
    outputs.push({ settings, output: openOutput(settings.to, complain) });
  }

  const consola = createConsola({
    level: plan.level <= levels.DEBUG
      ? LogLevels.debug
      : plan.level <= levels.INFO
      ? LogLevels.info
      : plan.level <= levels.WARNING
      ? LogLevels.warn
      : LogLevels.error,
    throttle: 0,
    reporters: [{
      log(entry) {
        const record = recordOf(entry, started);
        for (const target of outputs) {
          if (record.level < target.settings.level) continue;
          const { format, datefmt } = target.settings;
          try {
            target.output.write(formatRecord(record, format, datefmt, localZone), record);
            target.broken = undefined;
          } catch (error) {
            // A full disk is reported once, where it can still be read.
            if (target.broken === undefined) complain(`cannot write the log: ${messageOf(error)}`);
            target.broken = messageOf(error);
          }
        }
        if (toStdout) writeText("stdout", stdoutLine(record));
      },
    }],
  });
  return {
    ...logOn(consola, plan.level),
    problem() {
      for (const { output, broken = output.problem } of outputs) if (broken) return broken;
      return undefined;
    },
    close: () => outputs.forEach(({ output }) => output.close()),
  };
}

function logOn(consola: ConsolaInstance, level: number): Log {
  return {
    debug: (message) => void consola.debug(message),
    info: (message) => void consola.info(message),
    warn: (message) => void consola.warn(message),
    error(message, error) {
      const stack = level <= levels.DEBUG && error instanceof Error && error.stack
        ? `\n${error.stack}`
        : "";
      consola.error(message + stack);
    },
  };
}

function recordOf(entry: LogObject, started: number): LogRecord {
  return {
    time: entry.date,
    level: LEVEL_OF_TYPE[entry.type] ?? levels.INFO,
    logger: "diamond",
    message: paragraph(entry.args.map(String).join(" ")),
    pid: process.pid,
    age: entry.date.getTime() - started,
  };
}

/** `1763865632.13  [MainProcess:4711:INFO]  message`, with tabs. */
function stdoutLine(record: LogRecord): string {
  const seconds = Number((record.time.getTime() / 1000).toPrecision(12));
  return `${seconds}\t[${processName}:${record.pid}:${
    levelName(record.level)
  }]\t${record.message}\n`;
}

const processName = "MainProcess";

function openOutput(to: LogTarget, complain: (message: string) => void): Output {
  switch (to.kind) {
    case "stream":
      return streamOutput(to.stream);
    case "file":
      return reopened(() => {
        const file = openAppender(to.path, to.rotation);
        return { write: (line) => file.append(`${line}\n`), close: () => file.close() };
      }, complain);
    case "syslog":
      return reopened(() => openSyslog(to.address, to.facility, complain), complain);
  }
}

const REOPEN_MS = 5000;

/** An output that cannot be opened is tried again by what is logged later: its folder may be mounted late. */
function reopened(open: () => Output, complain: (message: string) => void): Output {
  let output: Output | undefined;
  let nextTry = -Infinity;
  let problem: string | undefined;

  function current(): Output | undefined {
    if (output !== undefined || performance.now() < nextTry) return output;
    try {
      output = open();
      problem = undefined;
    } catch (error) {
      if (nextTry === -Infinity) complain(`${messageOf(error)}: the log goes to stderr`);
      problem = codeOf(error) === "timeout" ? messageOf(error) : undefined;
      nextTry = performance.now() + REOPEN_MS;
    }
    return output;
  }

  current();
  const instead = streamOutput("stderr");
  return {
    write: (line, record) => (current() ?? instead).write(line, record),
    get problem() {
      if (problem !== undefined) current();
      return problem;
    },
    close: () => output?.close(),
  };
}

function streamOutput(name: "stdout" | "stderr"): Output {
  return { write: (line) => writeText(name, `${line}\n`), close: () => {} };
}
