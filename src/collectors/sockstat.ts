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

export default defineCollector({
  name: "SockstatCollector",
  doc: "Sockets in use, IPv4 and IPv6 together",
  path: "sockets",
  sources: ["/proc/net/sockstat", "/proc/net/sockstat6"],
  options: {},
  metrics,

  collect({ host, emit }) {
    const sums = new Map<Name, number>();
    for (const path of ["/proc/net/sockstat", "/proc/net/sockstat6"]) {
      const lines = host.fs.tryRead(path);
      if (lines !== undefined) addSockstat(lines, sums);
    }
    if (sums.size === 0) throw noData("Cannot read /proc/net/sockstat or /proc/net/sockstat6");
    for (const [name, value] of sums) emit(name, value);
  },
});

const PREFIXES: Readonly<Record<string, string>> = {
  sockets: "",
  TCP: "tcp_",
  TCP6: "tcp_",
  UDP: "udp_",
  UDP6: "udp_",
};

/** Lines such as `TCP: inuse 5 orphan 0 tw 1 alloc 9 mem 1`. */
export function addSockstat(lines: Cursor, sums: Map<Name, number>): void {
  while (lines.nextLine()) {
    const prefix = PREFIXES[lines.until(":") ?? "-"];
    if (prefix === undefined) continue;
    while (lines.more) {
      const name = `${prefix}${lines.word()}`;
      const value = lines.uint();
      if (Object.hasOwn(metrics, name)) {
        sums.set(name as Name, (sums.get(name as Name) ?? 0) + value);
      }
    }
  }
}
