/** Source: https://etcd.io/docs/v3.6/metrics/, and https://etcd.io/docs/v2.3/api/#statistics */

import { type Context, defineCollector, everySystem, gauge, rate } from "../../core/collector.ts";
import { badData, Failure } from "../../core/errors.ts";
import { bool, integer, number, text } from "../../core/option.ts";
import { pairsOf, wordsOf } from "../../core/words.ts";
import { flatten } from "../../formats/flatten.ts";
import { totalsIn } from "../../formats/prometheus_text.ts";
import { each } from "../../protocols/each.ts";
import { get, getJson } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";
import { noTls, tlsOptions, tlsSettings } from "../../protocols/tls.ts";

const options = {
  host: text("localhost", "Name or address of the server"),
  port: integer(2379, "Its port", { min: 1, max: MAX_PORT }),
  timeout: number(5, "Without effect: collect_timeout bounds a run"),
  use_tls: bool(false, "Ask by https"),
  ca_file: text("", "Certificates of authorities to trust; empty: the system's"),
  cert: tlsOptions.cert,
  key: tlsOptions.key,
  tls_verify: tlsOptions.tls_verify,
};
const metrics = {
  "self.is_leader": gauge("1: this member leads the cluster"),
  "self.{field}": gauge("Appends, packets and bytes that members send each other", 0, {
    "byte/s": "*BandwidthRate",
  }),
  "self.{bandwidth}": rate("The same, from /metrics", 0, { unit: "byte/s" }),
  "store.{field}": gauge("Operations on keys since the start, and watchers"),
};
type Etcd = Context<typeof options, typeof metrics>;

const FIELDS = wordsOf(`
  sendAppendRequestCnt recvAppendRequestCnt sendPkgRate recvPkgRate sendBandwidthRate
  recvBandwidthRate
`);
/** Where /metrics has the values of the API of version 2, which is gone. */
const STORE = pairsOf(`
  etcd_mvcc_range_total=getsSuccess etcd_mvcc_put_total=setsSuccess
  etcd_mvcc_delete_total=deleteSuccess etcd_debugging_server_lease_expired_total=expireCount
  etcd_debugging_mvcc_watcher_total=watchers
`);
const BANDWIDTH = pairsOf(`
  etcd_network_peer_sent_bytes_total=sendBandwidthRate
  etcd_network_peer_received_bytes_total=recvBandwidthRate
`);

export default defineCollector({
  name: "EtcdCollector",
  doc: "Leadership, operations and traffic of etcd",
  path: "etcd",
  sources: ["GET /v2/stats/self", "GET /v2/stats/store", "GET /metrics"],
  gone: {
    "etcd 3.4, but for --enable-v2":
      "self.*PkgRate, self.*AppendRequestCnt, store.*Fail, store.create*, store.update*, store.compareAnd*",
  },
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    const base = baseUrl(options.use_tls, options.host, options.port);
    const tls = tlsSettings({ ...noTls, ...options, ca: options.ca_file });
    const pages: [string, (answer: unknown) => void][] = [
      ["/v2/stats/self", (answer) => emitSelf(context, answer)],
      ["/v2/stats/store", (answer) => emitStore(context, answer)],
    ];
    let gone = 0;
    await each(pages, ([page]) => page, async ([page, emitPage]) => {
      try {
        emitPage(await getJson(host, base + page, signal, { tls }));
      } catch (error) {
        if (!(error instanceof Failure && error.status === 404)) throw error;
        gone++;
      }
    });
    if (gone < pages.length) return;
    const { body } = await get(host, `${base}/metrics`, signal, { tls });
    if (!emitMetrics(context, body)) throw badData(`${base}/metrics has nothing of etcd`);
  },
});

function emitSelf({ emit }: Etcd, answer: unknown): void {
  const { state } = answer as { state?: unknown };
  if (typeof state === "string") emit("self.is_leader", state === "StateLeader" ? 1 : 0);
  flatten(answer, (name, value) => {
    if (FIELDS.includes(name)) emit("self.{field}", value, name);
  });
}

function emitStore({ emit }: Etcd, answer: unknown): void {
  const clean = (key: string) => key.replaceAll("/", ".");
  flatten(answer, (name, value) => emit("store.{field}", value, name), { clean });
}

/** False where there is nothing of etcd. */
function emitMetrics({ emit }: Etcd, page: string): boolean {
  const totals = totalsIn(page);
  const isLeader = totals.get("etcd_server_is_leader");
  if (isLeader !== undefined) emit("self.is_leader", isLeader);
  for (const [metric, field] of STORE) {
    const value = totals.get(metric);
    if (value !== undefined) emit("store.{field}", value, field);
  }
  for (const [metric, field] of BANDWIDTH) {
    const value = totals.get(metric);
    if (value !== undefined) emit("self.{bandwidth}", value, field);
  }
  return isLeader !== undefined;
}
