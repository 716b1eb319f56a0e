/** Where services listen on this host, from /proc: what the tables of discoveries are asked with. */

import type { Host } from "../../ports/host.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Place {
  readonly host: Host;
  readonly signal: AbortSignal;
  /** Whether one of these programs runs. */
  runs(programs: readonly string[]): boolean;
  /** Where these programs listen; the usual ports, where that cannot be seen. */
  endpoints(programs: readonly string[], usual: readonly number[]): readonly Endpoint[];
  /** Unix sockets of these programs; the usual ones, where that cannot be seen. */
  sockets(programs: readonly string[], usual: readonly string[]): readonly string[];
}

/** What a collector finds on this host. */
export interface Found {
  /** `nginx answers at http://127.0.0.1:80/nginx_status` */
  readonly why: string;
  /** Options of its section that are not the defaults. */
  readonly options: Readonly<Record<string, string>>;
  /** What the service needs before the collector works: the section stays commented out. */
  readonly lacks?: readonly string[];
}

/** One row of the tables: what makes a collector worth enabling. It only reads, and asks as the collector does. */
export interface Discovery {
  readonly collector: string;
  discover(place: Place): Promise<Found | undefined> | Found | undefined;
}

const LISTENING_TCP = "0A";
const LISTENING_UNIX = "00010000";
const LOOPBACK = "127.0.0.1";

export function placeOf(host: Host, signal: AbortSignal): Place {
  const listeners = endpointsByInode(host);
  const paths = socketsByInode(host);
  const programs = inodesByProgram(host);

  function ofPrograms<T>(names: readonly string[], known: ReadonlyMap<string, T>): T[] {
    const inodes = names.flatMap((name) => programs.get(name) ?? []);
    return inodes.flatMap((inode) => known.get(inode) ?? []);
  }

  return {
    host,
    signal,
    runs: (names) => names.some((name) => programs.has(name)),
    endpoints(names, usual) {
      const own = ofPrograms(names, listeners);
      const all = [...listeners.values()];
      const others = usual.flatMap((port) =>
        listeners.size === 0
          ? { host: LOOPBACK, port }
          : all.filter((endpoint) => endpoint.port === port)
      );
      return distinct([...own, ...(own.length > 0 ? [] : others)]);
    },
    sockets(names, usual) {
      const own = ofPrograms(names, paths);
      return [...new Set(own.length > 0 ? own : usual.filter((path) => host.fs.exists(path)))];
    },
  };
}

/** Loopback first: it is the shortest way. */
function distinct(all: readonly Endpoint[]): Endpoint[] {
  const byPort = new Map<number, Endpoint>();
  for (const endpoint of all) {
    const known = byPort.get(endpoint.port);
    if (known === undefined || endpoint.host === LOOPBACK) byPort.set(endpoint.port, endpoint);
  }
  return [...byPort.values()].sort((a, b) => a.port - b.port);
}

function endpointsByInode(host: Host): Map<string, Endpoint> {
  const found = new Map<string, Endpoint>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of linesOf(host, file)) {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      const [address, port] = local.split(":");
      const name = state === LISTENING_TCP ? nameOf(address) : undefined;
      if (name !== undefined) found.set(inode, { host: name, port: Number.parseInt(port, 16) });
    }
  }
  return found;
}

/** Of an address in the kernel's hexadecimal; undefined where it is not one to ask at. */
function nameOf(hex: string): string | undefined {
  if (/^0+$/.test(hex) || hex === "0100007F" || /^0{20}FFFF00000100007F$/i.test(hex)) {
    return LOOPBACK;
  }
  if (hex === "00000000000000000000000001000000") return "::1";
  if (hex.length !== 8) return undefined;
  return hex.match(/../g)!.reverse().map((byte) => Number.parseInt(byte, 16)).join(".");
}

function socketsByInode(host: Host): Map<string, string> {
  const rows = linesOf(host, "/proc/net/unix").map((line) => line.trim().split(/\s+/));
  return new Map(
    rows.filter(([, , , flags, , , , path]) => flags === LISTENING_UNIX && path?.startsWith("/"))
      .map(([, , , , , , inode, path]) => [inode, renamed(host, path)]),
  );
}

/** HAProxy and Supervisor bind another name, with their process ID, and give the socket its own name then. */
function renamed({ fs }: Host, path: string): string {
  const own = path.replace(/\.\d+(\.tmp)?$/, "");
  return !fs.exists(path) && fs.exists(own) ? own : path;
}

/** What other users' processes hold is root's to see: for the others there are the usual ports. */
function inodesByProgram(host: Host): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const pid of namesIn(host, "/proc").filter((name) => /^\d+$/.test(name))) {
    const name = host.fs.tryRead(`/proc/${pid}/comm`)?.text().trim();
    if (name === undefined) continue;
    const held = found.get(name) ?? [];
    for (const descriptor of namesIn(host, `/proc/${pid}/fd`)) {
      const [, inode] =
        /^socket:\[(\d+)\]$/.exec(host.fs.readLink(`/proc/${pid}/fd/${descriptor}`) ?? "") ?? [];
      if (inode !== undefined) held.push(inode);
    }
    found.set(name, held);
  }
  return found;
}

function linesOf(host: Host, path: string): string[] {
  return host.fs.tryRead(path)?.text().split("\n").slice(1) ?? [];
}

function namesIn(host: Host, path: string): string[] {
  try {
    return host.fs.list(path);
  } catch {
    return [];
  }
}
