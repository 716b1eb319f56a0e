/** net-snmp's agent on this machine; `snmpwalk` says what it has. */

import { readdirSync, readFileSync } from "node:fs";
import { type Daemon, figuresIn } from "../daemon.ts";
import { snmpd } from "../snmpd.ts";

const ETHERNET = "1";
const COLUMNS: Readonly<Record<string, string>> = {
  "1.3.6.1.2.1.2.2.1.13": "ifInDiscards",
  "1.3.6.1.2.1.2.2.1.14": "ifInErrors",
  "1.3.6.1.2.1.2.2.1.19": "ifOutDiscards",
  "1.3.6.1.2.1.2.2.1.20": "ifOutErrors",
  "1.3.6.1.2.1.31.1.1.1.6": "ifHCInbyte",
  "1.3.6.1.2.1.31.1.1.1.10": "ifHCOutbyte",
  "1.3.6.1.2.1.31.1.1.1.7": "ifInUcastPkts",
  "1.3.6.1.2.1.31.1.1.1.8": "ifInMulticastPkts",
  "1.3.6.1.2.1.31.1.1.1.9": "ifInBroadcastPkts",
  "1.3.6.1.2.1.31.1.1.1.11": "ifOutUcastPkts",
  "1.3.6.1.2.1.31.1.1.1.12": "ifOutMulticastPkts",
  "1.3.6.1.2.1.31.1.1.1.13": "ifOutBroadcastPkts",
};

export default {
  collector: "SNMPInterfaceCollector",
  packages: { snmpd: "snmpd", snmpwalk: "snmp" },
  fast: true,

  async start(place) {
    const { section, version, walk, stop } = await snmpd(place);
    const names = new Map(
      [...walk("1.3.6.1.2.1.31.1.1.1.1").matchAll(/\.(\d+) "?([\w.-]+)"?$/gm)].map((
        [, index, name],
      ) => [index, name]),
    );
    return {
      version,
      options: section,
      client() {
        const found = new Map<string, number>();
        for (const [oid, column] of Object.entries(COLUMNS)) {
          for (const [index, value] of figuresIn(walk(oid), /\.(\d+) (\d+)$/gm)) {
            const name = names.get(index)!;
            if (typeOf(name) !== ETHERNET) continue;
            found.set(`devices.box.interface.${name.replace(/\W/g, "_")}.${column}`, value);
          }
        }
        return found;
      },
      stop,
    };
  },
} satisfies Daemon;

/** The kernel's type of an interface. */
function typeOf(name: string): string {
  if (!readdirSync("/sys/class/net").includes(name)) return "";
  return readFileSync(`/sys/class/net/${name}/type`, "utf8").trim();
}
