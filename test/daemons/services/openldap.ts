/** slapd with its monitor database and a certificate of its own; ldapsearch reads the same. */

import { mkdirSync, writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

const ENTRIES: Readonly<Record<string, string>> = {
  "conns.total": "cn=Total,cn=Connections monitorCounter",
  "conns.current": "cn=Current,cn=Connections monitorCounter",
  "ops.total": "cn=Operations monitorOpCompleted",
  "ops.total_initiated": "cn=Operations monitorOpInitiated",
  "ops.bind": "cn=Bind,cn=Operations monitorOpCompleted",
  "ops.modrdn": "cn=Modrdn,cn=Operations monitorOpCompleted",
  "waiter.read": "cn=Read,cn=Waiters monitorCounter",
  "stats.pdu": "cn=PDU,cn=Statistics monitorCounter",
  "threads.max_pending": "cn=Max Pending,cn=Threads monitoredInfo",
  "threads.backload": "cn=Backload,cn=Threads monitoredInfo",
};

export default {
  collector: "OpenLDAPCollector",
  packages: { slapd: "slapd", ldapsearch: "ldap-utils", openssl: "openssl" },

  async start({ folder, port }) {
    const [key, cert] = [`${folder}/key.pem`, `${folder}/cert.pem`];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    const pair = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2"];
    say("openssl", ["req", "-x509", ...pair, ...names]);
    mkdirSync(`${folder}/db`);
    writeFileSync(
      `${folder}/slapd.conf`,
      `include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload back_monitor
pidfile ${folder}/pid
TLSCertificateFile ${cert}
TLSCertificateKeyFile ${key}
security simple_bind=128
database monitor
rootdn "cn=monitor"
rootpw "se,cret"
database mdb
suffix "dc=x"
directory ${folder}/db
`,
    );
    const url = `ldap://127.0.0.1:${port}`;
    const server = run("slapd", ["-d", "0", "-f", `${folder}/slapd.conf`, "-h", url]);
    const ask = (...words: string[]) =>
      say("env", [
        ...[`LDAPTLS_CACERT=${cert}`, "ldapsearch", "-LLL", "-ZZ", "-x", "-H", url],
        ...["-D", "cn=monitor", "-w", "se,cret", "-s", "base", ...words],
      ]);
    await answers("ldapsearch", ["-x", "-H", url, "-s", "base", "-b", ""]);
    return {
      version: say("sh", ["-c", "slapd -VV 2>&1; true"]).match(/slapd ([\d.]+)/)![1],
      options: `host = 127.0.0.1\nport = ${port}\npassword = "se,cret"\nca = ${cert}\n`,
      client: () =>
        new Map(
          Object.entries(ENTRIES).map(([name, where]) => {
            const [, entry, attribute] = /^(.*) (\w+)$/.exec(where)!;
            const text = ask("-b", `${entry},cn=Monitor`, attribute);
            return [name, Number(new RegExp(`^${attribute}: (\\d+)`, "m").exec(text)![1])];
          }),
        ),
      stop: server.stop,
    };
  },
} satisfies Daemon;
