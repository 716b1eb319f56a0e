/** net-snmp's agent on this machine; `snmpwalk` says what it has. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, run, say } from "../daemon.ts";

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

  async start({ folder, port }) {
    const conf = `${folder}/snmpd.conf`;
    writeFileSync(conf, "rocommunity se-cret 127.0.0.1\n");
    const server = run("snmpd", [
      ...["-f", "-C", "-c", conf, "-p", `${folder}/pid`, "-Lf", `${folder}/log`, "-I", "-smux"],
      `udp:127.0.0.1:${port}`,
    ], { env: { SNMP_PERSISTENT_DIR: folder } });
    const walk = (oid: string) => {
      const login = ["-v2c", "-c", "se-cret", "-On", "-Oq", "-Oe", "-t", "1", "-r", "0"];
      return say("snmpwalk", [...login, `127.0.0.1:${port}`, oid]);
    };
    await answers("snmpwalk", ["-v2c", "-c", "se-cret", `127.0.0.1:${port}`, "1.3.6.1.2.1.1.1"]);
    const names = new Map(
      [...walk("1.3.6.1.2.1.31.1.1.1.1").matchAll(/\.(\d+) "?([\w.-]+)"?$/gm)].map((
        [, index, name],
      ) => [index, name]),
    );
    return {
      version: say("sh", ["-c", "snmpd -v 2>&1"]).match(/\d[\d.]+/)![0],
      options:
        `[[[devices]]]\n[[[[box]]]]\nhost = 127.0.0.1\nport = ${port}\ncommunity = se-cret\n`,
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
      // The agent reads the kernel's figures every few seconds.
      moves: {},
      stop: server.stop,
    };
  },
} satisfies Daemon;

/** The kernel's type of an interface. */
function typeOf(name: string): string {
  if (!readdirSync("/sys/class/net").includes(name)) return "";
  return readFileSync(`/sys/class/net/${name}/type`, "utf8").trim();
}
