/** Where the log of an agent goes: for one in the background also where nothing but a terminal was named. */

import { DEFAULT_FORMAT } from "../formats/log_record.ts";
import type { LogPlan, LogTarget } from "../ports/log_plan.ts";

const FILE = "diamond-agent.log";
const MAX_BYTES = 10_485_760;
const KEEP = 1;

/**
 * Returns a log plan for a background agent, which has no terminal. A plan that only names one gets a file in the
 * state folder, or syslog.
 */
export function backgroundPlan(plan: LogPlan, folder: string | undefined): LogPlan {
  const { outputs } = plan;
  if (outputs.length === 0 || outputs.some(({ to }) => to.kind !== "stream")) return plan;
  const to: LogTarget = folder === undefined
    ? { kind: "syslog", address: "/dev/log", facility: DAEMON }
    : {
      kind: "file",
      path: `${folder}/${FILE}`,
      rotation: {
        when: "SIZE",
        interval: 1,
        keep: KEEP,
        maxBytes: MAX_BYTES,
        gzip: false,
        utc: false,
        watch: false,
      },
    };
  const level = Math.min(...outputs.map((output) => output.level));
  return { ...plan, outputs: [{ level, format: DEFAULT_FORMAT, datefmt: "", to }] };
}

/** Syslog's number for daemons. */
const DAEMON = 3;

/** For people: each place that a plan writes to. */
export function logPlaces({ outputs }: LogPlan, toStdout: boolean): string[] {
  const places = outputs.map(({ to }) => toStdout && isTerminal(to) ? "stdout" : placeOf(to));
  return [...new Set(toStdout ? ["stdout", ...places] : places)];
}

function placeOf(to: LogTarget): string {
  if (to.kind === "stream") return to.stream;
  if (to.kind === "file") return to.path;
  return `syslog at ${typeof to.address === "string" ? to.address : to.address.join(":")}`;
}

/** Without what `-l` says anyway. */
export function withoutTerminal(plan: LogPlan): LogPlan {
  return { ...plan, outputs: plan.outputs.filter(({ to }) => !isTerminal(to)) };
}

function isTerminal(to: LogTarget): boolean {
  return to.kind === "stream" ||
    (to.kind === "file" &&
      /^\/(dev\/(stdout|stderr|tty)|(dev|proc\/self)\/fd\/[12])$/.test(to.path));
}

/** The same plan with nothing left out. */
export function withAllLevels(plan: LogPlan): LogPlan {
  const outputs = plan.outputs.map((output) => ({ ...output, level: DEBUG }));
  return { ...plan, level: DEBUG, outputs };
}

/** Python's number for the level. */
const DEBUG = 10;
