/** BIND's statistics in JSON, version 1. */

import { isFiniteNumber } from "./flatten.ts";
import { type BindValue, MEMORY, safe } from "./bind_xml.ts";

type Kind = Pick<BindValue, "part" | "group" | "view">;
type Json = Readonly<Record<string, unknown>>;

export function bindValuesInJson(root: Json): BindValue[] {
  const views = objectAt(root, "views");
  return [
    ...valuesIn(root, "opcodes", { part: "server", group: "requests" }),
    ...valuesIn(root, "qtypes", { part: "server", group: "queries" }),
    ...valuesIn(root, "nsstats", { part: "server", group: "nsstat" }),
    ...valuesIn(root, "zonestats", { part: "zonemgmt", group: "zonestat" }),
    ...valuesIn(root, "sockstats", { part: "sockets", group: "sockstat" }),
    ...Object.keys(views).flatMap((view) => viewValues(view, objectAt(views, view))),
    ...valuesIn(root, "memory", { part: "memory", group: "memory" }).filter(({ name }) =>
      MEMORY.includes(name)
    ),
  ];
}

function viewValues(view: string, answer: Json): BindValue[] {
  const { zones } = answer;
  const inView = { part: "resolver", view } as const;
  const resolver = objectAt(answer, "resolver");
  const count = { ...inView, group: "zones", name: "" };
  return [
    ...(Array.isArray(zones) ? [{ ...count, value: zones.length }] : []),
    ...valuesIn(resolver, "qtypes", { ...inView, group: "query" }),
    ...valuesIn(resolver, "stats", { ...inView, group: "resstat" }),
    ...valuesIn(resolver, "cache", { ...inView, group: "cache" }),
  ];
}

function valuesIn(parent: Json, key: string, kind: Kind): BindValue[] {
  return Object.entries(objectAt(parent, key)).flatMap(([name, value]) =>
    isFiniteNumber(value) ? [{ ...kind, name: safe(name), value }] : []
  );
}

function objectAt(parent: Json, key: string): Json {
  const inner = parent?.[key];
  return typeof inner === "object" && inner !== null ? inner as Json : {};
}
