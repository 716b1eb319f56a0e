/** Services with an interface by HTTP for whoever watches them. */

import type { Discovery, Found, Place } from "./place.ts";
import { findPage, type Page, pages } from "./questions.ts";

interface Api {
  readonly collector: string;
  /** As people call it. */
  readonly name: string;
  /** The usual ones. */
  readonly ports: readonly number[];
  readonly paths: readonly string[];
  readonly body: RegExp;
  readonly login?: { readonly user: string; readonly password: string };
  /** For a service that wants a login, or has no such page. */
  lacks?(place: Place, others: readonly Page[]): Omit<Found, "options"> | undefined;
}

const APIS: readonly Api[] = [
  {
    ...{ collector: "BindCollector", name: "BIND", ports: [8053, 8080] },
    ...{ paths: ["/", "/json/v1"], body: /<statistics version=|"json-stats-version"/ },
    lacks: ({ runs }) =>
      runs(["named"])
        ? {
          why: "BIND runs without a statistics channel",
          lacks: [
            "statistics-channels { inet 127.0.0.1 port 8053 allow { 127.0.0.1; }; };",
            "in its named.conf, then `rndc reconfig`",
          ],
        }
        : undefined,
  },
  {
    ...{ collector: "EtcdCollector", name: "etcd", ports: [2379] },
    ...{ paths: ["/version"], body: /"etcdserver"/ },
  },
  {
    ...{ collector: "JolokiaCollector", name: "Jolokia", ports: [8778] },
    ...{ paths: ["/jolokia/version"], body: /"agent"/ },
  },
  {
    ...{ collector: "KafkaCollector", name: "MX4J of a Kafka broker", ports: [8082] },
    paths: ["/serverbydomain?template=identity&querynames=%2Akafka%2A%3A%2A"],
    body: /<Server\b[^]*kafka/,
  },
  {
    ...{ collector: "MonitCollector", name: "Monit", ports: [2812] },
    ...{ paths: ["/_status?format=xml"], body: /<monit\b/ },
    login: { user: "monit", password: "monit" },
    lacks: (_, others) =>
      others.some(({ answer }) => answer.status === 401 && isMonit(answer.headers))
        ? {
          why: "Monit wants a login",
          lacks: ["allow diamond:PASSWORD read-only", "in its part `set httpd`, then reload it"],
        }
        : undefined,
  },
];

function isMonit({ server = "", "www-authenticate": realm = "" }: Record<string, string>): boolean {
  return /monit/i.test(server + realm);
}

export const apis: readonly Discovery[] = APIS.map((api) => ({
  collector: api.collector,
  discover: (place) => foundBy(place, api),
}));

async function foundBy(
  place: Place,
  { name, ports, paths, body: wanted, login, lacks }: Api,
): Promise<Found | undefined> {
  const endpoints = place.endpoints([], ports);
  const { page, others } = await findPage(
    pages(place, endpoints, paths, login && { login }),
    ({ body }) => wanted.test(body),
  );
  if (page !== undefined) {
    const { host, port } = page.endpoint;
    return { why: `${name} answers at ${page.url}`, options: { host, port: String(port) } };
  }
  const missing = lacks?.(place, others);
  return missing && { ...missing, options: { host: "127.0.0.1", port: String(ports[0]) } };
}
