/** A collector or a handler as a whole: how it is, and why there may be nothing of it. */

import type { HandlerStatus } from "../agent/status.ts";
import { count } from "../formats/figures.ts";
import { deliveryRows, handlerRows } from "./delivery_rows.ts";
import { madeBy } from "./explain_metric.ts";
import { type Explanation, type Facts, NO_AGENT, type Row } from "./explanation.ts";
import { collectorOptions, filterRow, optionRows } from "./option_rows.ts";
import { collectorStatusOf, collectorTrouble, runRows } from "./trouble.ts";

export function explainHandler(name: string, facts: Facts): Explanation {
  const { handlerStates, handlers, sections, leftOut, file } = facts;
  const options = optionRows(handlers.get(name) ?? [], ["host", "port", "batch", "spool"]);
  const handler = handlerStates?.find((one) => one.name === name);
  const ofBackends = handlerStates?.filter((one) => one.name.startsWith(`${name} `)) ?? [];
  const answer = (verdict: string, ok: boolean, rows: readonly Row[] = []) => ({
    title: name,
    verdict,
    ok,
    rows: [...rows, ...options],
  });
  const why = leftOut.get(name);
  if (why !== undefined) return answer(`Nothing is sent: ${why}`, false);
  if (handler === undefined && ofBackends.length > 0) {
    const names = ofBackends.map((one) => one.name).join(", ");
    return answer(`It has a queue for each backend: ask for ${names}`, true);
  }
  if (!handlers.has(name) && (handler === undefined || handler.state === "off")) {
    const known = [...handlers.keys()].join(", ") || "none";
    const where = sections.get(name);
    const isThere = where === undefined ? "" : "its section is there, and ";
    const lack = where === undefined ? lacking(name, "handler", facts) : undefined;
    const verdict = `Nothing is sent: ${
      lack ?? `${isThere}"handlers" of [server] does not name it, only ${known}`
    }`;
    return answer(verdict, false, [{
      label: "section",
      value: "not in use",
      where: where ?? file,
    }]);
  }
  if (handler === undefined) return answer(`How it delivers is ${NO_AGENT}`, true);
  return answer(...handlerVerdict(handler, facts), handlerRows(handler));
}

/** Why a class cannot be had; undefined where it is built in. */
function lacking(
  section: string,
  kind: "collector" | "handler",
  { isBuiltIn }: Facts,
): string | undefined {
  const [name] = section.split(" ");
  const isThere = isBuiltIn(name);
  if (isThere === true) return undefined;
  return isThere === false
    ? `${name} is one of Diamond's and not built in; Diamond's own file works, with its folder in ${kind}s_path`
    : `there is no ${kind} ${name}`;
}

function handlerVerdict(handler: HandlerStatus, { collectorStates }: Facts): [string, boolean] {
  const { state, error, collected, delivered, unconfirmed, spooled, queued } = handler;
  if (error !== undefined) {
    const { message, first, count: times } = error;
    const since = new Date(first).toISOString().slice(0, 19).replace("T", " ");
    return [
      `It cannot deliver since ${since} UTC (${
        count(times)
      } tries): ${message}. To do: ${error.advice}`,
      false,
    ];
  }
  if (collected === 0) {
    const silent = collectorStates.filter(({ state: one }) => one !== "ok" && one !== "off");
    const why = silent.map((one) => `${one.name} is ${one.state}`).join(", ");
    return [`It has got no points yet: ${why || "no collector has run"}`, false];
  }
  if (state === "waiting") {
    return [`It still delivers what had to wait: ${count(spooled + queued)} points`, true];
  }
  if (delivered + unconfirmed === 0) return ["Its first write is still to come", true];
  const sure = unconfirmed === 0 ? "" : `, ${count(unconfirmed)} more not confirmed yet`;
  return [`It delivers: ${count(delivered)} points so far${sure}`, true];
}

export function explainCollector(section: string, facts: Facts): Explanation {
  const { handlerStates, collectors, leftOut, sections, file } = facts;
  const collector = collectors.find((one) => one.section === section);
  const state = collectorStatusOf(section, facts);
  if (collector === undefined) {
    const why = leftOut.get(section) ?? state?.error?.message;
    const where = sections.get(section);
    const verdict = why ??
      (where === undefined
        ? lacking(section, "collector", facts) ??
          `it has no section: add [[${section}]] with enabled = True`
        : "its section does not have enabled = True");
    const rows = [{
      label: "section",
      value: where === undefined ? "none" : "not enabled",
      where: where ?? file,
    }];
    return { title: section, verdict: `It does not run: ${verdict}`, ok: false, rows };
  }
  const all = [...collector.series()];
  const kept = all.filter(({ allowed }) => !allowed).length;
  const trouble = collectorTrouble(state);
  const isWell = trouble.length === 0 && collector.crowd === undefined;
  const verdict = trouble[0]?.value ?? collector.crowd?.message ??
    `It publishes ${count(all.length - kept)} series below ${collector.begins[0]}`;
  const last = all.find(({ allowed, runsAgo }) => allowed && runsAgo === 0);
  return {
    title: section,
    verdict,
    ok: isWell,
    rows: [
      madeBy(collector),
      { label: "source", value: collector.sources.join(", ") || "its own" },
      { label: "paths", value: `${collector.begins[0]}.…` },
      { label: "series", value: `${count(all.length)}, ${count(kept)} of them kept back` },
      {
        ...filterRow(collector, true),
        value: filterRow(collector, true).value.replace(/^passes /, ""),
      },
      ...(handlerStates === undefined
        ? [{ label: "state", value: NO_AGENT }]
        : runRows(state, facts.now)),
      ...trouble,
      ...deliveryRows(facts, last && collector.latest(last.path)?.timestamp),
      ...collectorOptions(collector, true),
    ],
  };
}
