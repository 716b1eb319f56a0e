/**
 * The log's sections, as Python's logging.config has them, read leniently: what makes no sense is a
 * warning, and there is always some log.
 * Source: https://docs.python.org/3/library/logging.config.html#configuration-file-format
 */

import { messageOf } from "../core/errors.ts";
import type { Rotation } from "../ports/fs.ts";
import { isTrue } from "../core/option.ts";
import type { LogOutput, LogPlan, LogTarget } from "../ports/log_plan.ts";
import { DEFAULT_FORMAT, levels } from "../formats/log_record.ts";
import { rotationWords } from "../formats/rotation.ts";
import { type Problem, warning } from "./problems.ts";
import { type Literal, parseLiteral } from "./python_literal.ts";
import { leaf, type Origin, type Section, subsection } from "./tree.ts";

const STREAM_FORMAT = "%(message)s";
const LOG_USER = 1;
const FACILITIES = [
  [
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
  ],
  ["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
];
const FIRST_LOCAL = 16;

const NO_ROTATION: Rotation = {
  when: "NEVER",
  interval: 1,
  keep: 0,
  maxBytes: 0,
  gzip: false,
  utc: false,
  watch: false,
};

/** Without any log sections: warnings and worse to stderr, information too. */
const STDERR: LogOutput = {
  level: levels.INFO,
  format: DEFAULT_FORMAT,
  datefmt: "",
  to: { kind: "stream", stream: "stderr" },
};

/** Whether a section is the log's: read by the rules here, and never interpolated. */
export function isLogSection(name: string): boolean {
  return /^(loggers|formatters|(logger|handler|formatter)_.*)$/s.test(name);
}

export function resolveLog(main: Section, problems: Problem[]): LogPlan {
  const warn = (origin: Origin, message: string) => problems.push(warning(origin, message));
  // Diamond's own logger wins over the root: its messages come under the name "diamond".
  const named = names(subsection(main, "loggers"), "keys").map((key) =>
    subsection(main, `logger_${key}`)
  )
    .find((section) => text(section, "qualname") === "diamond");
  const root = subsection(main, "logger_root") ?? named;
  if (root === undefined) return { level: levels.INFO, outputs: [STDERR] };
  const level = levelOf(named ?? root, warn) || levelOf(root, warn) || levels.INFO;

  const keys = new Set([
    ...(named === undefined ? [] : names(named, "handlers")),
    ...names(root, "handlers"),
  ]);
  const outputs: LogOutput[] = [];
  for (const key of keys) {
    const section = subsection(main, `handler_${key}`);
    if (section === undefined) {
      warn(root.origin, `The log handler "${key}" has no section [handler_${key}]`);
      continue;
    }
    const to = targetOf(section, warn);
    if (to === undefined) continue;
    const formatter = subsection(main, `formatter_${text(section, "formatter") ?? ""}`);
    outputs.push({
      level: levelOf(section, warn),
      format: text(formatter, "format") ?? STREAM_FORMAT,
      datefmt: text(formatter, "datefmt") ?? "",
      to,
    });
  }
  return { level, outputs };
}

type Warn = (origin: Origin, message: string) => void;

function targetOf(section: Section, warn: Warn): LogTarget | undefined {
  const kind = (text(section, "class") ?? "StreamHandler").split(".").at(-1)!;
  const args = argsOf(section, warn);
  if (args === undefined) return undefined;
  switch (kind) {
    case "StreamHandler":
      return { kind: "stream", stream: nameOf(args[0]) === "sys.stdout" ? "stdout" : "stderr" };
    case "FileHandler":
      return fileTarget(section, args, NO_ROTATION, warn);
    case "WatchedFileHandler":
      return fileTarget(section, args, { ...NO_ROTATION, watch: true }, warn);
    case "RotatingFileHandler":
      return fileTarget(section, args, {
        ...NO_ROTATION,
        when: "SIZE",
        maxBytes: numberOf(args[2], 0),
        keep: numberOf(args[3], 0),
      }, warn);
    case "TimedRotatingFileHandler":
      return fileTarget(section, args, {
        ...NO_ROTATION,
        when: whenOf(args[1], section, warn),
        interval: Math.max(1, numberOf(args[2], 1)),
        keep: numberOf(args[3], 0),
        utc: args[6] === true,
      }, warn);
    case "SysLogHandler":
      return { kind: "syslog", address: addressOf(args[0]), facility: facilityOf(args[1]) };
    case "NullHandler":
      return undefined;
    default:
      warn(section.origin, `The log handler class "${kind}" is not known: its messages go nowhere`);
      return undefined;
  }
}

function fileTarget(
  section: Section,
  args: readonly Literal[],
  rotation: Rotation,
  warn: Warn,
): LogTarget | undefined {
  const path = args[0];
  if (typeof path !== "string" || path === "") {
    warn(
      leaf(section, "args")?.origin ?? section.origin,
      "A log handler that writes a file needs its name as the first of args",
    );
    return undefined;
  }
  const maxBytes = Number(text(section, "max_bytes") ?? rotation.maxBytes);
  const gzip = isTrue(text(section, "gzip") ?? "");
  return {
    kind: "file",
    path,
    rotation: { ...rotation, gzip, maxBytes: Number.isFinite(maxBytes) ? maxBytes : 0 },
  };
}

function argsOf(section: Section, warn: Warn): readonly Literal[] | undefined {
  const raw = text(section, "args");
  if (raw === undefined) return [];
  try {
    const value = parseLiteral(raw);
    return Array.isArray(value) ? value : [value as Literal];
  } catch (error) {
    warn(leaf(section, "args")!.origin, `args: ${messageOf(error)}`);
    return undefined;
  }
}

function whenOf(literal: Literal | undefined, section: Section, warn: Warn): string {
  const word = typeof literal === "string" ? literal.toUpperCase() : "H";
  if ((rotationWords as readonly string[]).includes(word)) return word;
  warn(leaf(section, "args")!.origin, `"${word}" is no time of rotation: MIDNIGHT is used`);
  return "MIDNIGHT";
}

function levelOf(section: Section, warn: Warn): number {
  const word = (text(section, "level") ?? "NOTSET").toUpperCase();
  if (Object.hasOwn(levels, word)) return levels[word];
  warn(
    leaf(section, "level")!.origin,
    `"${word}" is no level: use one of ${Object.keys(levels).join(", ")}`,
  );
  return 0;
}

function addressOf(literal: Literal | undefined): string | readonly [string, number] {
  if (Array.isArray(literal)) return [String(literal[0]), numberOf(literal[1], 514)];
  return typeof literal === "string" ? literal : ["localhost", 514];
}

function facilityOf(literal: Literal | undefined): number {
  if (typeof literal === "number") return literal;
  const word = (nameOf(literal) ?? (typeof literal === "string" ? literal : "user")).split(".").at(
    -1,
  )!;
  const plain = word.replace(/^LOG_/, "").toLowerCase();
  const local = FACILITIES[1].indexOf(plain);
  if (local >= 0) return FIRST_LOCAL + local;
  const index = FACILITIES[0].indexOf(plain);
  return index >= 0 ? index : LOG_USER;
}

function nameOf(literal: Literal | undefined): string | undefined {
  return typeof literal === "object" && literal !== null && "name" in literal
    ? literal.name
    : undefined;
}

function numberOf(literal: Literal | undefined, fallback: number): number {
  return typeof literal === "number" ? literal : fallback;
}

/** The text behind the "=", by the log reader's rules: only " ;" begins a comment. */
function text(section: Section | undefined, name: string): string | undefined {
  return leaf(section, name)?.raw.replace(/\s;.*$/s, "").trim();
}

function names(section: Section | undefined, key: string): string[] {
  return (text(section, key) ?? "").replace(/#.*$/s, "").split(",").map((name) => name.trim())
    .filter((name) => name !== "");
}
