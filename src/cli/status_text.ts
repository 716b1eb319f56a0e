/** The agent's status as a text for people. */

import type { CollectorStatus, HandlerStatus, ReportedError, Status } from "../agent/status.ts";
import { count, megabytes, utc } from "../formats/figures.ts";
import { lengthText } from "../view/lengths.ts";
import { paint, table } from "./text.ts";
import type { Terminal } from "./world.ts";

/** What is listed one by one; the rest is a number. */
const MAX_REASONS = 6;
const SLOWEST = 5;

export function report(status: Status, out: Terminal): string {
  const collectors = status.collectors.filter(({ state }) => state !== "off");
  const handlers = status.handlers.filter(({ state }) => state !== "off");
  const part = (title: string, text: string) =>
    text === "" ? "" : `\n${paint(out, "bold", title)}\n${text}`;
  return head(status, out) +
    part("Handlers", handlers.map((one) => handlerText(one, status.now)).join("")) +
    part("Collectors", collectorTable(collectors, status.now)) +
    offText([...status.handlers, ...status.collectors]) +
    part("Slowest collectors", slowest(collectors)) +
    part("Problems", problems(status, collectors));
}

function head(status: Status, out: Terminal): string {
  const { now, pid, started, rss, maxMemory, degraded, configuration, log = [] } = status;
  const more = degraded.length - MAX_REASONS;
  const reasons = degraded.slice(0, MAX_REASONS).join("; ") + (more > 0 ? `; ${more} more` : "");
  const verdict = degraded.length === 0
    ? paint(out, "green", "Healthy")
    : `${paint(out, "red", "Degraded:")} ${reasons}`;
  const memory = `memory ${megabytes(rss).replace(/ MB$/, "")} of ${megabytes(maxMemory)}`;
  const inForce = configuration === undefined
    ? ""
    : `configuration ${configuration.file}, in force since ${utc(configuration.inForceSince)}\n`;
  const written = log.length === 0 ? "" : `log ${log.join(", ")}\n`;
  return `${verdict}\nup ${
    lengthText((now - started) / 1000)
  }, pid ${pid}, ${memory}\n${inForce}${written}`;
}

/** What a successful write proves. */
const RECEIPTS = {
  application: "acknowledged",
  transport: "TCP only (no ack)",
  none: "no ack",
} as const;

function handlerText(handler: HandlerStatus, now: number): string {
  const { name, state, receipt, delivered, queued, spooled, spoolBytes, lag } = handler;
  const { behind, retries, resent, dropped, error, destination, unconfirmed } = handler;
  const sent = unconfirmed > 0 ? `; ${count(unconfirmed)} more not confirmed yet` : "";
  const to = destination === undefined ? "" : ` to ${destination}`;
  if (state === "missing") return `  ${name}: missing\n${errorText(error, now)}`;
  const backlog = queued + spooled === 0
    ? "nothing waits"
    : `${count(queued)} in memory, ${count(spooled)} on disk (${megabytes(spoolBytes)}), ` +
      `the oldest from ${lengthText(behind ?? 0)} ago`;
  const lost = Object.entries(dropped).filter(([, points]) => points > 0).map(([why, points]) =>
    `${count(points)} ${why}`
  );
  const late = lag === undefined ? "" : `, lag ${lag.toFixed(2)} s`;
  return `  ${name}${to}: ${state}\n` +
    `    ${count(delivered)} delivered, ${RECEIPTS[receipt]}${late}${sent}\n` +
    `    backlog: ${backlog}\n` +
    (retries > 0 ? `    ${count(retries)} writes were tried again, ` : "    ") +
    (resent > 0 ? `${count(resent)} sent again after a break, ` : "") +
    `dropped: ${lost.join(", ") || "none"}\n` +
    errorText(error, now);
}

function errorText(error: ReportedError | undefined, now: number): string {
  if (error === undefined) return "";
  const { message, first, last, count: times, advice } = error;
  const often = times > 1
    ? `, ${count(times)} times, last ${lengthText((now - last) / 1000)} ago`
    : "";
  return `    ${message}\n      since ${utc(first)}${often}\n      To do: ${advice}\n`;
}

function collectorTable(collectors: readonly CollectorStatus[], now: number): string {
  return table([
    ["", "state", "every", "last run", "took", "points", "failed", "skipped"],
    ...collectors.map((one) => collectorRow(one, now)),
  ], "  ");
}

function collectorRow(collector: CollectorStatus, now: number): string[] {
  const { name, state, interval, lastRun, milliseconds, points, failures, skipped } = collector;
  if (interval === 0) return [name, state, "-", "-", "-", "-", "-", "-"];
  return [
    name,
    state,
    lengthText(interval),
    lastRun === 0 ? "-" : `${lengthText((now - lastRun) / 1000)} ago`,
    `${milliseconds.toFixed(1)} ms`,
    count(points),
    count(failures),
    count(skipped),
  ];
}

function offText(all: readonly (CollectorStatus | HandlerStatus)[]): string {
  const names = all.filter(({ state }) => state === "off").map(({ name }) => name);
  return names.length === 0 ? "" : `\nOff: ${names.join(", ")}\n`;
}

function slowest(collectors: readonly CollectorStatus[]): string {
  const timed = collectors.flatMap(({ name, time }) => time === undefined ? [] : [{ name, time }]);
  if (timed.length < 2) return "";
  const rows = timed.sort((a, b) => b.time.mean - a.time.mean).slice(0, SLOWEST);
  return table([
    ["", "min", "mean", "max"],
    ...rows.map(({ name, time: { min, mean, max } }) => [
      name,
      ...[min, mean, max].map((ms) => `${ms.toFixed(1)} ms`),
    ]),
  ], "  ");
}

function problems({ configuration, now }: Status, collectors: readonly CollectorStatus[]): string {
  const lines = [
    ...(configuration?.problems ?? []),
    ...(configuration?.permissions ?? []),
    ...(configuration?.onDisk?.problems ?? []).map((line) => `${line} (on disk, not in force)`),
    ...(configuration?.onDisk?.problems.length === 0
      ? ["The configuration on disk is not the one in force: `diamond-agent reload` takes it over"]
      : []),
  ].map((line) => `  ${line}\n`).join("");
  return lines +
    collectors.filter(({ error }) => error !== undefined).map(({ name, state, error }) =>
      `  ${name}: ${state}\n${errorText(error, now)}`
    ).join("") +
    collectors.filter(({ crowd }) => crowd !== undefined).map(({ name, leftOut, crowd }) =>
      `  ${name}: ${leftOut > 0 ? `${count(leftOut)} left out` : "at its limit"}\n${
        errorText(crowd, now)
      }`
    ).join("");
}
