/** Source: https://www.openldap.org/doc/admin26/monitoringslapd.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { bool, integer, secret, text } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { MAX_PORT } from "../../protocols/servers.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const BASE = "cn=monitor";

/** Entries below one of `cn=monitor`; `_` stands for a blank. */
interface Group {
  readonly path: "conns" | "ops" | "waiter" | "stats" | "threads";
  readonly parent: string;
  readonly attribute: string;
  readonly entries: readonly string[];
}
const GROUPS: readonly Group[] = [
  {
    path: "conns",
    parent: "connections",
    attribute: "monitorCounter",
    entries: wordsOf("total current"),
  },
  {
    path: "ops",
    parent: "operations",
    attribute: "monitorOpCompleted",
    entries: wordsOf("bind unbind delete modify modrdn compare search extended abandon"),
  },
  { path: "waiter", parent: "waiters", attribute: "monitorCounter", entries: ["read", "write"] },
  {
    path: "stats",
    parent: "statistics",
    attribute: "monitorCounter",
    entries: wordsOf("bytes pdu referrals entries"),
  },
  {
    path: "threads",
    parent: "threads",
    attribute: "monitoredInfo",
    entries: wordsOf("open starting active max max_pending pending backload"),
  },
];
const INITIATED = "monitorOpInitiated";
const COMPLETED = "monitorOpCompleted";

export default defineCollector({
  name: "OpenLDAPCollector",
  doc: "Connections, operations, traffic and threads of OpenLDAP, from its monitor database",
  path: "openldap",
  sources: ["cn=Monitor"],
  systems: everySystem,
  options: {
    host: text("localhost", "Name or address of the server"),
    port: integer(389, "Its port", { min: 1, max: MAX_PORT }),
    username: text(BASE, "The name to log in as"),
    password: secret("password", "Its password"),
    start_tls: bool(true, "Encrypt with StartTLS, as Diamond does"),
    ...trustOptions,
  },
  metrics: {
    "conns.{field}": gauge("Connections since the start, and now"),
    "ops.{field}": gauge("Operations that were completed since the start, by kind"),
    "waiter.{field}": gauge("Connections that wait to be read or written"),
    "stats.{field}": gauge("Bytes, messages, referrals and entries that were sent", 0, {
      byte: "bytes",
    }),
    "threads.{field}": gauge("Threads by state, and their limits"),
  },

  async collect({ host, options, emit, signal }) {
    const { host: server, port, username: user, password } = options;
    const login = { host: server, port, user, password };
    const settings = options.start_tls ? { ...login, ...trusting(options) } : login;
    await using connection = await host.ldap.connect(settings, signal);
    const attributes = [...new Set(GROUPS.map(({ attribute }) => attribute)), INITIATED];
    const all = await connection.search(BASE, attributes);
    const entries = new Map(all.map(({ name, values }) => [name, values]));
    const valueOf = (entry: string, attribute: string) =>
      numberIn(entries.get(`${entry},${BASE}`)?.[attribute]);
    let found = false;
    for (const { path, parent, attribute, entries: names } of GROUPS) {
      for (const name of names) {
        const value = valueOf(`cn=${name.replaceAll("_", " ")},cn=${parent}`, attribute);
        if (value === undefined) continue;
        found = true;
        emit(`${path}.{field}` as const, value, name);
      }
    }
    const operations = { total: COMPLETED, total_initiated: INITIATED };
    for (const [name, attribute] of Object.entries(operations)) {
      const value = valueOf("cn=operations", attribute);
      if (value !== undefined) emit("ops.{field}", value, name);
    }
    if (!found) throw badData(`${server}:${port} has nothing below ${BASE}: load back_monitor`);
  },
});
