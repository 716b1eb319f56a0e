/** OpenVPN's status in its three versions: 1 in parts with titles, 2 and 3 with a word before each line. */

import { badData } from "../core/errors.ts";
import { excerpt } from "../core/visible.ts";
import { numberIn } from "./flatten.ts";

interface OpenVpnStatus {
  /** Undefined where it is the status of a client. */
  readonly clients: readonly OpenVpnClient[] | undefined;
  /** Fields as they are written, by their titles. */
  readonly global: ReadonlyMap<string, string>;
  /** Lines that cannot be read. */
  readonly unread: readonly string[];
}

interface OpenVpnClient {
  readonly name: string;
  readonly received: number;
  readonly sent: number;
}

type Part = "clients" | "global" | "other";
/** Titles of version 1. */
const TITLES = new Map<string, Part>([
  ["openvpn statistics", "global"],
  ["openvpn client list", "clients"],
  ["client list", "clients"],
  ["routing table", "other"],
  ["global stats", "global"],
]);
/** Words of the other two. */
const TAGS = new Map<string, Part>([["CLIENT_LIST", "clients"], ["GLOBAL_STATS", "global"]]);
const HEADING = "Common Name";

/** Throws `bad-data` where it is not a status. */
export function parseStatus(text: string): OpenVpnStatus {
  let clients: OpenVpnClient[] | undefined;
  const global = new Map<string, string>();
  const unread: string[] = [];
  let heading: readonly string[] = [];
  let part: Part | undefined;
  for (const line of text.split(/\r?\n/)) {
    const title = TITLES.get(line.toLowerCase());
    const [tag, ...rest] = line.split(line.includes("\t") ? "\t" : ",");
    if (title !== undefined) part = title;
    else if (tag === "HEADER") part = "other";
    if (title === "clients" || (tag === "HEADER" && rest[0] === "CLIENT_LIST")) {
      clients ??= [];
      heading = rest.slice(1);
    }
    if (title !== undefined || /^(|END|HEADER|Updated)$/.test(tag)) continue;
    const kind = TAGS.get(tag) ?? part;
    const cells = TAGS.has(tag) ? rest : [tag, ...rest];
    if (kind === "clients" && cells[0] === HEADING) heading = cells;
    else if (kind === "clients") {
      const client = clientOf(heading, cells);
      if (client === undefined) unread.push(line);
      else clients?.push(client);
    } else if (kind === "global" && cells.length === 2) global.set(cells[0], cells[1]);
    else if (kind === "global") unread.push(line);
  }
  if (part === undefined) throw badData(`"${excerpt(text, 60)}" is not a status of OpenVPN`);
  return { clients, global, unread };
}

function clientOf(
  heading: readonly string[],
  cells: readonly string[],
): OpenVpnClient | undefined {
  const cell = (title: string) => cells[heading.indexOf(title)];
  const [name, received, sent] = [cell(HEADING), cell("Bytes Received"), cell("Bytes Sent")];
  const [down, up] = [numberIn(received), numberIn(sent)];
  return name === undefined || down === undefined || up === undefined
    ? undefined
    : { name, received: down, sent: up };
}
