/** net-snmp's agent, for this machine. */

import { writeFileSync } from "node:fs";
import { answers, type Place, run, say } from "./daemon.ts";

export interface Snmpd {
  readonly version: string;
  /** The collector's section of devices, which has one: `box`. */
  readonly section: string;
  /** Lines `.OID value` below an OID. */
  walk(oid: string): string;
  stop(): Promise<void>;
}

export async function snmpd({ folder, port }: Place): Promise<Snmpd> {
  const conf = `${folder}/snmpd.conf`;
  writeFileSync(conf, "rocommunity se-cret 127.0.0.1\nsysServices 72\n");
  const server = run("snmpd", [
    ...["-f", "-C", "-c", conf, "-p", `${folder}/pid`, "-Lf", `${folder}/log`, "-I", "-smux"],
    `udp:127.0.0.1:${port}`,
  ], { env: { SNMP_PERSISTENT_DIR: folder } });
  const login = ["-v2c", "-c", "se-cret", "-On", "-Oq", "-Oe", "-t", "1", "-r", "0"];
  const words = (oid: string) => [...login, `127.0.0.1:${port}`, oid];
  await answers("snmpwalk", words("1.3.6.1.2.1.1.1"));
  return {
    version: say("sh", ["-c", "snmpd -v 2>&1"]).match(/\d[\d.]+/)![0],
    section: `[[[devices]]]\n[[[[box]]]]\nhost = 127.0.0.1\nport = ${port}\ncommunity = se-cret\n`,
    walk: (oid) => say("snmpwalk", words(oid)),
    stop: server.stop,
  };
}
