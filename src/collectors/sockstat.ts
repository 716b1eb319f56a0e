/** Source: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html, sockstat and sockstat6. */

import { defineCollector, gauge } from "../core/collector.ts";
import type { Cursor } from "../core/cursor.ts";
import { noData } from "../core/errors.ts";

const metrics = {
  used: gauge("Sockets of all kinds"),
  tcp_inuse: gauge("TCP sockets in use"),
  tcp_orphan: gauge("TCP sockets without a process"),
  tcp_tw: gauge("TCP sockets in TIME_WAIT"),
  tcp_alloc: gauge("TCP sockets allocated"),
  tcp_mem: gauge("Pages of TCP buffers"),
  udp_inuse: gauge("UDP sockets in use"),
  udp_mem: gauge("Pages of UDP buffers"),
};
type Name = keyof typeof metrics;
type Sums = Partial<Record<Name, number>>;

export default defineCollector({
  name: "SockstatCollector",
  doc: "Sockets in use, IPv4 and IPv6 together",
  path: "sockets",
  sources: ["/proc/net/sockstat", "/proc/net/sockstat6"],
  options: {},
  metrics,

  collect({ host, emit }) {
    const sums: Sums = {};
    for (const path of ["/proc/net/sockstat", "/proc/net/sockstat6"]) {
      const lines = host.fs.tryRead(path);
      if (lines !== undefined) addSockstat(lines, sums);
    }
    const names = Object.keys(sums) as Name[];
    if (names.length === 0) throw noData("Cannot read /proc/net/sockstat or /proc/net/sockstat6");
    for (const name of names) emit(name, sums[name]!);
  },
});

const TCP: Readonly<Record<string, Name>> = {
  inuse: "tcp_inuse",
  orphan: "tcp_orphan",
  tw: "tcp_tw",
  alloc: "tcp_alloc",
  mem: "tcp_mem",
};
const UDP: Readonly<Record<string, Name>> = { inuse: "udp_inuse", mem: "udp_mem" };
/** By what a line begins with, and by the words in it. */
const KNOWN = new Map<string, Readonly<Record<string, Name>>>([
  ["sockets", { used: "used" }],
  ["TCP", TCP],
  ["TCP6", TCP],
  ["UDP", UDP],
  ["UDP6", UDP],
]);

/** Lines such as `TCP: inuse 5 orphan 0 tw 1 alloc 9 mem 1`. */
function addSockstat(lines: Cursor, sums: Sums): void {
  while (lines.nextLine()) {
    const known = KNOWN.get(lines.until(":") ?? "");
    while (known !== undefined && lines.more) {
      const word = lines.word();
      const value = lines.uint();
      if (Object.hasOwn(known, word)) sums[known[word]] = (sums[known[word]] ?? 0) + value;
    }
  }
}
