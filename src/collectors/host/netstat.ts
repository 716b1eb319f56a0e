/** Source: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { noData } from "../../core/errors.ts";

/** By the kernel's number, from 1 on. */
const STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
];
const SYN_RECV = 3;
/** A connection request of kernels from 4.4 on: another kind of SYN_RECV. */
const NEW_SYN_RECV = 12;

export default defineCollector({
  name: "NetstatCollector",
  doc: "TCP connections over IPv4 by their state",
  path: "netstat",
  sources: ["/proc/net/tcp"],
  options: {},
  metrics: { "{state}": gauge("Connections in a state") },

  collect({ host, emit, skipLine }) {
    const counts = new Array<number>(STATES.length + 1).fill(0);
    let hasHeader = false;
    for (const lines of host.fs.readPieces("/proc/net/tcp")) {
      while (lines.nextLine()) {
        if (!lines.more) continue;
        if (!hasHeader && lines.word() === "sl") {
          hasHeader = true;
          continue;
        }
        const state = stateOf(lines);
        if (state === undefined) skipLine(lines);
        else counts[state]++;
      }
    }
    if (!hasHeader && counts.every((count) => count === 0)) {
      throw noData("there is no table of connections in /proc/net/tcp");
    }
    STATES.forEach((state, index) => emit("{state}", counts[index + 1], state));
  },
});

/** Of a line such as `0: 0100007F:0CEA 00000000:0000 0A …`; undefined where a newer kernel has another one. */
function stateOf(line: Cursor): number | undefined {
  const word = line.rewindLine().skip(3).word();
  const number = word.length === 2 ? Number.parseInt(word, 16) : NaN;
  const state = number === NEW_SYN_RECV ? SYN_RECV : number;
  return state >= 1 && state <= STATES.length ? state : undefined;
}
