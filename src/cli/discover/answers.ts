/** Services that are known by the first bytes of what they answer. */

import { addressText } from "../../core/option.ts";
import type { Discovery, Endpoint, Found, Place } from "./place.ts";
import { said } from "./questions.ts";

interface Answer {
  readonly collector: string;
  /** As people call it. */
  readonly name: string;
  /** All ports of these are asked at once; without them, only the usual one. */
  readonly daemons: readonly string[];
  readonly port: number;
  readonly question: string | Uint8Array;
  /** Of the answer, as many as tell it from others. */
  readonly bytes: number;
  readonly pattern: RegExp;
  options(endpoint: Endpoint): Readonly<Record<string, string>>;
  /** An answer by which it refuses, and what it needs then. */
  readonly refusal?: RegExp;
  readonly lacks?: readonly string[];
}

const hostAndPort = ({ host, port }: Endpoint) => ({ host, port: String(port) });
const inHosts = (endpoint: Endpoint) => ({ hosts: `${addressText(endpoint)},` });

/** LDAP's anonymous bind, and the beginning of its response: RFC 4511, 4.2. */
const BIND = Uint8Array.of(48, 12, 2, 1, 1, 96, 7, 2, 1, 3, 4, 0, 128, 0);
/** PostgreSQL's protocol: whether the server encrypts. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);
const HEAD = "Host: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n";

const ANSWERS: readonly Answer[] = [
  {
    ...{ collector: "BeanstalkdCollector", name: "beanstalkd", daemons: ["beanstalkd"] },
    ...{ port: 11_300, question: "stats\r\n", bytes: 3, pattern: /^OK / },
    options: hostAndPort,
  },
  {
    ...{ collector: "ZookeeperCollector", name: "ZooKeeper", daemons: [] },
    ...{ port: 2181, question: "mntr", bytes: 7, pattern: /^zk_/, refusal: /^mntr is/ },
    options: inHosts,
    lacks: ["4lw.commands.whitelist=mntr", "in its zoo.cfg, then restart it"],
  },
  {
    ...{ collector: "TwemproxyCollector", name: "twemproxy", daemons: [] },
    ...{ port: 22_222, question: "", bytes: 23, pattern: /^\{"service":"nutcracker"/ },
    options: inHosts,
  },
  {
    ...{ collector: "ApcupsdCollector", name: "apcupsd", daemons: ["apcupsd"] },
    ...{ port: 3551, question: "\0\x06status", bytes: 5, pattern: /^\0.APC$/s },
    options: ({ host, port }) => ({ hostname: host, port: String(port) }),
  },
  {
    ...{ collector: "SquidCollector", name: "Squid", daemons: ["squid", "squid3"], port: 3128 },
    question: `GET cache_object://localhost/counters HTTP/1.0\r\n${HEAD}`,
    ...{ bytes: 12, pattern: /^HTTP\/1\.\d 200$/, refusal: /^HTTP\/1\.\d 403$/ },
    options: inHosts,
    lacks: ["http_access allow localhost manager", "in its squid.conf, then reload it"],
  },
  {
    ...{ collector: "OpenLDAPCollector", name: "OpenLDAP", daemons: ["slapd"], port: 389 },
    // It answers to anonymous users, who may not read cn=Monitor.
    ...{ question: BIND, bytes: 6, pattern: /(?!)/, refusal: /^0.\x02\x01\x01a$/s },
    options: (endpoint) => ({
      ...hostAndPort(endpoint),
      username: "cn=diamond,dc=example,dc=org",
      password: "file:/etc/diamond/ldap.password",
    }),
    lacks: ["a database of the type monitor, and a user who may read cn=Monitor"],
  },
  {
    ...{ collector: "PgbouncerCollector", name: "PgBouncer", daemons: ["pgbouncer"], port: 6432 },
    ...{ question: SSL_REQUEST, bytes: 1, pattern: /(?!)/, refusal: /^[SN]$/ },
    options: () => ({ user: "diamond", password: "file:/etc/diamond/pgbouncer.password" }),
    lacks: ["stats_users = diamond", "in its pgbouncer.ini, and that user in its auth_file"],
  },
];

export const answers: readonly Discovery[] = ANSWERS.map((answer) => ({
  collector: answer.collector,
  discover: (place) => endpointOf(place, answer),
}));

async function endpointOf(
  place: Place,
  { name, daemons, port, question, bytes, pattern, options, refusal, lacks }: Answer,
): Promise<Found | undefined> {
  const found = await Promise.all(
    place.endpoints(daemons, [port]).map(async (endpoint) => ({
      endpoint,
      text: (await said(place, endpoint, question, bytes)).text,
    })),
  );
  const ready = found.find(({ text }) => pattern.test(text));
  const refusing = found.find(({ text }) => refusal?.test(text));
  const { endpoint } = ready ?? refusing ?? {};
  if (endpoint === undefined) return undefined;
  const at = addressText(endpoint);
  return ready !== undefined
    ? { why: `${name} answers at ${at}`, options: options(endpoint) }
    : { why: `${name} is at ${at}`, options: options(endpoint), lacks };
}
