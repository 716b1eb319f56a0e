/** Source: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";

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

  collect({ host, emit }) {
    const counts = new Array<number>(STATES.length + 1).fill(0);
    const lines = host.fs.read("/proc/net/tcp");
    lines.nextLine();
    while (lines.nextLine()) {
      if (!lines.more) continue;
      const word = lines.skip(3).word();
      const number = Number.parseInt(word, 16);
      const state = number === NEW_SYN_RECV ? SYN_RECV : number;
      if (!(state >= 1 && state <= STATES.length)) {
        throw badData(`"${word}" is no state of a connection in ${lines.source}`);
      }
      counts[state]++;
    }
    STATES.forEach((state, index) => emit("{state}", counts[index + 1], state));
  },
});
