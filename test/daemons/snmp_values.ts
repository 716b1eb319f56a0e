/** Single values of net-snmp's agent; `snmpwalk` says what they are. */

import { type Daemon, figuresIn } from "./daemon.ts";
import { snmpd, type Way } from "./snmpd.ts";

const OIDS: Readonly<Record<string, string>> = {
  "1.3.6.1.2.1.2.1.0": "interfaces",
  "1.3.6.1.2.1.1.7.0": "services",
  "1.3.6.1.2.1.25.1.5.0": "users",
};

export function snmpValues(way: Way): Daemon {
  return {
    collector: "SNMPRawCollector",
    packages: { snmpd: "snmpd", snmpwalk: "snmp" },

    async start(place) {
      const { section, version, walk, stop } = await snmpd(place, way);
      const lines = Object.entries(OIDS).map(([oid, name]) => `${oid} = ${name}\n`);
      return {
        version,
        options: `${section}[[[[[oids]]]]]\n${lines.join("")}`,
        client() {
          const found = new Map<string, number>();
          for (const [oid, name] of Object.entries(OIDS)) {
            const [value] = figuresIn(walk(oid), /(\d) (\d+)$/gm).values();
            if (value !== undefined) found.set(`servers.box.snmp.${name}`, value);
          }
          return found;
        },
        stop,
      };
    },
  };
}
