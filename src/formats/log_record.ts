/**
 * Python's log formats: `[%(asctime)s] [%(levelname)-8s] %(message)s`.
 * Source: https://docs.python.org/3/library/logging.html#logrecord-attributes
 */

import { strftime, type Zone } from "./strftime.ts";

/** Python's numbers: DEBUG 10, INFO 20, WARNING 30, ERROR 40, CRITICAL 50. */
type LevelNumber = number;

export const levels: Readonly<Record<string, LevelNumber>> = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  WARNING: 30,
  ERROR: 40,
  CRITICAL: 50,
  FATAL: 50,
};

export interface LogRecord {
  readonly time: Date;
  readonly level: LevelNumber;
  /** "diamond" */
  readonly logger: string;
  readonly message: string;
  readonly pid: number;
  /** Milliseconds since the log was opened. */
  readonly age: number;
}

export const DEFAULT_FORMAT =
  "[%(asctime)s] [%(levelname)s] [%(threadName)s:%(processName)s] %(message)s";

export function levelName(level: LevelNumber): string {
  if (level >= 50) return "CRITICAL";
  if (level >= 40) return "ERROR";
  if (level >= 30) return "WARNING";
  return level >= 20 ? "INFO" : "DEBUG";
}

/** The record in a Python format; conversions that are not known stay as they stand. */
export function formatRecord(
  record: LogRecord,
  format: string,
  datefmt: string,
  zone: Zone,
): string {
  return format.replace(
    /%\((\w+)\)([-0 +#]*)(\d*)(?:\.(\d+))?([sdifr])|%%/g,
    (whole, name?: string, flags?: string, width?: string, precision?: string, type?: string) => {
      if (name === undefined) return "%";
      const value = attribute(record, name, datefmt, zone);
      return value === undefined
        ? whole
        : padded(converted(value, type!, precision), flags!, Number(width));
    },
  );
}

function attribute(
  record: LogRecord,
  name: string,
  datefmt: string,
  zone: Zone,
): string | number | undefined {
  const milliseconds = record.time.getUTCMilliseconds();
  switch (name) {
    case "asctime":
      return datefmt === ""
        ? `${strftime("%Y-%m-%d %H:%M:%S", record.time, zone)},${
          String(milliseconds).padStart(3, "0")
        }`
        : strftime(datefmt, record.time, zone);
    case "levelname":
      return levelName(record.level);
    case "levelno":
      return record.level;
    case "name":
      return record.logger;
    case "message":
      return record.message;
    case "process":
      return record.pid;
    case "processName":
      return "MainProcess";
    case "thread":
      return record.pid;
    case "threadName":
      return "MainThread";
    case "created":
      return record.time.getTime() / 1000;
    case "msecs":
      return milliseconds;
    case "relativeCreated":
      return record.age;
    case "pathname":
    case "filename":
      return "diamond-agent";
    case "module":
    case "funcName":
      return "diamond";
    case "lineno":
      return 0;
    default:
      return undefined;
  }
}

function converted(value: string | number, type: string, precision: string | undefined): string {
  if (type === "d" || type === "i") return String(Math.trunc(Number(value)));
  if (type === "f") return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
  const text = String(value);
  return precision === undefined ? text : text.slice(0, Number(precision));
}

function padded(text: string, flags: string, width: number): string {
  if (flags.includes("-")) return text.padEnd(width);
  return text.padStart(width, flags.includes("0") ? "0" : " ");
}
