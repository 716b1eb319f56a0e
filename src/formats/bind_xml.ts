/** BIND's statistics in XML: version 3, and version 2 of 9.5 to 9.8. */

import { badData } from "../core/errors.ts";
import { numberIn } from "./flatten.ts";
import { elementsAt, textAt, type XmlElement } from "./xml.ts";

/** One number, by Diamond's names. */
export interface BindValue {
  readonly part: "resolver" | "server" | "zonemgmt" | "sockets" | "memory";
  readonly view?: string;
  readonly group: string;
  readonly name: string;
  readonly value: number;
}
type Kind = Pick<BindValue, "part" | "group">;

/** By the attribute `type` in version 3. */
const SERVER: ReadonlyMap<string, Kind> = new Map([
  ["opcode", { part: "server", group: "requests" }],
  ["qtype", { part: "server", group: "queries" }],
  ["nsstat", { part: "server", group: "nsstat" }],
  ["zonestat", { part: "zonemgmt", group: "zonestat" }],
  ["sockstat", { part: "sockets", group: "sockstat" }],
]);
const VIEW: ReadonlyMap<string, string> = new Map([["resqtype", "query"], ["resstats", "resstat"]]);
export const MEMORY = ["TotalUse", "InUse", "BlockSize", "ContextSize", "Lost"];
/** Paths of version 2 below `server`. */
const OLD_SERVER: ReadonlyMap<string, Kind> = new Map([
  ["requests/opcode", { part: "server", group: "requests" }],
  ["queries-in/rdtype", { part: "server", group: "queries" }],
  ["nsstat", { part: "server", group: "nsstat" }],
  ["zonestat", { part: "zonemgmt", group: "zonestat" }],
  ["sockstat", { part: "sockets", group: "sockstat" }],
]);
const OLD_VIEW: ReadonlyMap<string, string> = new Map([["rdtype", "query"], [
  "resstat",
  "resstat",
]]);

/** Throws `bad-data` where the root is neither version's. */
export function bindValuesInXml(root: XmlElement, source: string): BindValue[] {
  const isNew = root.name === "statistics";
  const [top] = isNew ? [root] : elementsAt(root, "bind/statistics");
  if (top === undefined) throw badData(`${source} does not answer with statistics of BIND`);
  return [
    ...(isNew ? serverValues(top) : oldServerValues(top)),
    ...elementsAt(top, "views/view").flatMap((view) => viewValues(view, isNew)),
    ...memoryValues(top),
  ];
}

function serverValues(top: XmlElement): BindValue[] {
  return elementsAt(top, "server/counters").flatMap((counters) => {
    const kind = SERVER.get(counters.attributes.get("type") ?? "");
    return kind === undefined ? [] : valuesIn(elementsAt(counters, "counter"), kind);
  });
}

function oldServerValues(top: XmlElement): BindValue[] {
  return [...OLD_SERVER].flatMap(([path, kind]) =>
    valuesIn(elementsAt(top, `server/${path}`), kind)
  );
}

function viewValues(element: XmlElement, isNew: boolean): BindValue[] {
  const view = element.attributes.get("name") ?? textAt(element, "name");
  if (!view) return [];
  const inView = { part: "resolver", view } as const;
  const lists = isNew
    ? elementsAt(element, "counters").map((counters) =>
      [VIEW.get(counters.attributes.get("type") ?? ""), elementsAt(counters, "counter")] as const
    )
    : [...OLD_VIEW].map(([path, group]) => [group, elementsAt(element, path)] as const);
  return [
    { ...inView, group: "zones", name: "", value: elementsAt(element, "zones/zone").length },
    ...lists.flatMap(([group, counters]) =>
      group === undefined ? [] : valuesIn(counters, { ...inView, group })
    ),
    ...valuesIn(elementsAt(element, "cache/rrset"), { ...inView, group: "cache" }),
  ];
}

function memoryValues(top: XmlElement): BindValue[] {
  return MEMORY.flatMap((name) => {
    const value = numberIn(textAt(top, `memory/summary/${name}`));
    return value === undefined ? [] : [{ part: "memory", group: "memory", name, value }];
  });
}

/** `<counter name="A">5</counter>`, or `<rdtype><name>A</name><counter>5</counter></rdtype>`. */
function valuesIn(
  elements: readonly XmlElement[],
  kind: Kind & Pick<BindValue, "view">,
): BindValue[] {
  return elements.flatMap((element) => {
    const name = element.attributes.get("name") ?? textAt(element, "name");
    const value = numberIn(textAt(element, "counter") ?? element.text);
    return !name || value === undefined ? [] : [{ ...kind, name: safe(name), value }];
  });
}

/** A cached name that does not exist is `!A`; type 0 is `RESERVED0`. */
export function safe(name: string): string {
  return name.replaceAll("!", "NOT_");
}
