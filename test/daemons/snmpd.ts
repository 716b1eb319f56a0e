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

/** How it is asked: version 2c with a community, or version 3 with a user. */
export type Way = "2c" | "SHA AES" | "MD5 DES" | "SHA256 AES";

export async function snmpd({ folder, port }: Place, way: Way = "2c"): Promise<Snmpd> {
  const conf = `${folder}/snmpd.conf`;
  const [auth, privacy] = way.split(" ");
  const isNew = privacy !== undefined;
  // Net-SNMP writes SHA256 with a hyphen.
  const spelled = auth.replace("SHA256", "SHA-256");
  writeFileSync(
    conf,
    isNew
      ? `createUser it ${spelled} "auth se,cret" ${privacy} "priv se,cret"\nrouser it priv\nsysServices 72\n`
      : "rocommunity se-cret 127.0.0.1\nsysServices 72\n",
  );
  const server = run("snmpd", [
    ...["-f", "-C", "-c", conf, "-p", `${folder}/pid`, "-Lf", `${folder}/log`, "-I", "-smux"],
    `udp:127.0.0.1:${port}`,
  ], { env: { SNMP_PERSISTENT_DIR: folder } });
  const user = [
    "-v3",
    "-l",
    "authPriv",
    "-u",
    "it",
    "-a",
    spelled,
    "-A",
    "auth se,cret",
    "-x",
    privacy,
    "-X",
    "priv se,cret",
  ];
  const login = [
    ...(isNew ? user : ["-v2c", "-c", "se-cret"]),
    "-On",
    "-Oq",
    "-Oe",
    "-t",
    "1",
    "-r",
    "0",
  ];
  const words = (oid: string) => [...login, `127.0.0.1:${port}`, oid];
  await answers("snmpwalk", words("1.3.6.1.2.1.1.1"));
  return {
    version: say("sh", ["-c", "snmpd -v 2>&1"]).match(/\d[\d.]+/)![0],
    section: `[[[devices]]]
[[[[box]]]]
host = 127.0.0.1
port = ${port}
${isNew ? user3(auth, privacy) : "community = se-cret"}
`,
    walk: (oid) => say("snmpwalk", words(oid)),
    stop: server.stop,
  };
}

const user3 = (auth: string, privacy: string) =>
  `version = 3
user = it
auth_protocol = ${auth}
auth_key = "auth se,cret"
privacy_protocol = ${privacy}
privacy_key = "priv se,cret"`;
