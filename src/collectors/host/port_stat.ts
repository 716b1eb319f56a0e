/** Source: proc_pid_net(5) */

import { defineCollector, gauge } from "../../core/collector.ts";
import { integer, sections } from "../../core/option.ts";

/** By the number in the column st. */
const STATES: Readonly<Record<string, string>> = {
  "01": "established",
  "02": "syn_sent",
  "03": "syn_recv",
  "04": "fin_wait1",
  "05": "fin_wait2",
  "06": "time_wait",
  "07": "close",
  "08": "close_wait",
  "09": "last_ack",
  "0A": "listen",
  "0B": "closing",
  "0C": "syn_recv",
};
const TABLES = ["tcp", "tcp6", "udp", "udp6"];

export default defineCollector({
  name: "PortStatCollector",
  doc: "Connections to local ports, by state",
  path: "port",
  sources: TABLES.map((table) => `/proc/net/${table}`),
  options: {
    port: sections({ number: integer(0, "The port", { min: 0, max: 65_535 }) }, "Ports by name"),
  },
  metrics: { "{name}.{state}": gauge("Sockets in this state; none: UDP, which has no states") },

  collect({ host, options: { port }, emit }) {
    const counts = new Map<number, Map<string, number>>();
    for (const { number } of port.values()) counts.set(number, new Map());
    for (const table of TABLES) {
      const isUdp = table.startsWith("udp");
      const text = table === "tcp"
        ? host.fs.read(`/proc/net/${table}`)
        : host.fs.tryRead(`/proc/net/${table}`);
      for (const line of text?.text().split("\n") ?? []) {
        const [, local, state] = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ ([0-9A-F]{2}) /.exec(line) ??
          [];
        const states = local === undefined ? undefined : counts.get(parseInt(local, 16));
        if (states === undefined) continue;
        const name = isUdp ? "none" : STATES[state] ?? "none";
        states.set(name, (states.get(name) ?? 0) + 1);
      }
    }
    for (const [name, { number }] of port) {
      for (const [state, count] of counts.get(number)!) emit("{name}.{state}", count, name, state);
    }
  },
});
