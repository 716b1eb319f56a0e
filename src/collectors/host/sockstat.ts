/** Source: https://man7.org/linux/man-pages/man5/proc_pid_net.5.html, sockstat and sockstat6. */

import { defineCollector, gauge, type SkipLine } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { noData } from "../../core/errors.ts";

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
/** By place in `names`; undefined for what no line has. */
type Sums = (number | undefined)[];

const names = Object.keys(metrics) as Name[];
const PATHS = ["/proc/net/sockstat", "/proc/net/sockstat6"];

export default defineCollector({
  name: "SockstatCollector",
  doc: "Sockets in use, IPv4 and IPv6 together",
  path: "sockets",
  sources: PATHS,
  options: {},
  metrics,
  prepare: (): Sums => names.map(() => undefined),

  collect({ host, state: sums, emit, skipLine }) {
    sums.fill(undefined);
    for (const path of PATHS) {
      const lines = host.fs.tryRead(path);
      if (lines !== undefined) addSockstat(lines, sums, skipLine);
      else if (host.fs.exists(path)) skipLine({ source: path, line: () => undefined });
    }
    let found = false;
    for (let place = 0; place < names.length; place++) {
      const sum = sums[place];
      if (sum === undefined || Number.isNaN(sum)) continue;
      found = true;
      emit(names[place], sum);
    }
    if (!found) throw noData("cannot read /proc/net/sockstat or /proc/net/sockstat6");
  },
});

const places = (known: Readonly<Record<string, Name>>) =>
  new Map(Object.entries(known).map(([word, name]) => [word, names.indexOf(name)]));
const TCP = places({
  inuse: "tcp_inuse",
  orphan: "tcp_orphan",
  tw: "tcp_tw",
  alloc: "tcp_alloc",
  mem: "tcp_mem",
});
const UDP = places({ inuse: "udp_inuse", mem: "udp_mem" });
/** By what a line begins with, and by the words in it: places in `names`. */
const KNOWN = new Map([
  ["sockets", { bit: 1, places: places({ used: "used" }) }],
  ["TCP", { bit: 2, places: TCP }],
  ["TCP6", { bit: 4, places: TCP }],
  ["UDP", { bit: 8, places: UDP }],
  ["UDP6", { bit: 16, places: UDP }],
]);

/** Lines such as `TCP: inuse 5 orphan 0 tw 1 alloc 9 mem 1`. */
function addSockstat(lines: Cursor, sums: Sums, skipLine: SkipLine): void {
  let seen = 0;
  while (lines.nextLine()) {
    const known = KNOWN.get(lines.until(":") ?? "");
    if (known === undefined) continue;
    const { bit, places } = known;
    let areAll = true;
    // A line that comes twice is not a second socket.
    const isAgain = (seen & bit) !== 0;
    seen |= bit;
    while (!isAgain && lines.more) {
      const place = places.get(lines.word());
      const value = lines.tryCounter();
      if (value === undefined) areAll = false;
      // Half of a sum is not one.
      if (place !== undefined) sums[place] = (sums[place] ?? 0) + Number(value ?? NaN);
    }
    if (isAgain || !areAll) skipLine(lines);
  }
}
