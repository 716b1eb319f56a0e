/** Figures of Elasticsearch and OpenSearch, by the names that Diamond gave them. */

import { pairsOf } from "../core/words.ts";
import { flatten, isFiniteNumber } from "./flatten.ts";

/** Fields of a node's stats; `*` is one key, here and there. */
export const NODE_FIELDS = pairsOf(`
  http.current_open=http.current transport.rx_count=transport.rx.count
  transport.rx_size_in_bytes=transport.rx.size transport.tx_count=transport.tx.count
  transport.tx_size_in_bytes=transport.tx.size process.cpu.percent=process.cpu.percent
  process.mem.resident_in_bytes=process.mem.resident process.mem.share_in_bytes=process.mem.share
  process.mem.total_virtual_in_bytes=process.mem.virtual
  indices.docs.count indices.docs.deleted
  indices.store.size_in_bytes=indices.datastore.size
  indices.cache.bloom_size_in_bytes=cache.bloom.size indices.cache.field_evictions=cache.field.evictions
  indices.cache.field_size_in_bytes=cache.field.size indices.cache.filter_count=cache.filter.count
  indices.cache.filter_evictions=cache.filter.evictions indices.cache.filter_size_in_bytes=cache.filter.size
  indices.cache.id_cache_size_in_bytes=cache.id.size indices.filter_cache.evictions=cache.filter.evictions
  indices.filter_cache.memory_size_in_bytes=cache.filter.size indices.filter_cache.count=cache.filter.count
  indices.id_cache.memory_size_in_bytes=cache.id.size indices.query_cache.evictions=cache.query.evictions
  indices.query_cache.memory_size_in_bytes=cache.query.size indices.query_cache.hit_count=cache.query.hit_count
  indices.query_cache.miss_count=cache.query.miss_count indices.fielddata.memory_size_in_bytes=fielddata.size
  indices.fielddata.evictions=fielddata.evictions indices.segments.count=segments.count
  indices.segments.memory_in_bytes=segments.mem.size
  indices.segments.index_writer_memory_in_bytes=segments.index_writer.mem.size
  indices.segments.index_writer_max_memory_in_bytes=segments.index_writer.mem.max_size
  indices.segments.version_map_memory_in_bytes=segments.version_map.mem.size
  indices.segments.fixed_bit_set_memory_in_bytes=segments.fixed_bit_set.mem.size
  fs.data.0.disk_reads=disk.reads.count fs.data.0.disk_read_size_in_bytes=disk.reads.size
  fs.data.0.disk_writes=disk.writes.count fs.data.0.disk_write_size_in_bytes=disk.writes.size
  jvm.mem.heap_used_in_bytes=jvm.mem.heap_used jvm.mem.heap_committed_in_bytes=jvm.mem.heap_committed
  jvm.mem.non_heap_used_in_bytes=jvm.mem.non_heap_used jvm.threads.count
  jvm.mem.non_heap_committed_in_bytes=jvm.mem.non_heap_committed jvm.mem.heap_used_percent
  jvm.mem.pools.*.used_in_bytes=jvm.mem.pools.*.used jvm.mem.pools.*.max_in_bytes=jvm.mem.pools.*.max
  jvm.gc.collectors.*.collection_count=jvm.gc.collection.*.count
  jvm.gc.collectors.*.collection_time_in_millis=jvm.gc.collection.*.time
  jvm.gc.collection_count=jvm.gc.collection.count jvm.gc.collection_time_in_millis=jvm.gc.collection.time
  thread_pool.*.* network.*.*
`);

export const CLUSTER_FIELDS = pairsOf(`
  number_of_nodes=nodes.total number_of_data_nodes=nodes.data number_of_pending_tasks=nodes.pending_tasks
  active_primary_shards=shards.active_primary active_shards=shards.active
  active_shards_percent_as_number=shards.active_percent delayed_unassigned_shards=shards.delayed_unassigned
  relocating_shards=shards.relocating unassigned_shards=shards.unassigned
  initializing_shards=shards.initializing
`);

/** The new name of a path; undefined where it is not published. */
export function renamed(path: string, names: ReadonlyMap<string, string>): string | undefined {
  const exact = names.get(path);
  if (exact !== undefined) return exact;
  const nodes = path.split(".");
  for (const [from, to] of names) {
    if (!from.includes("*")) continue;
    const pattern = from.split(".");
    if (pattern.length !== nodes.length) continue;
    if (!pattern.every((node, at) => node === "*" || node === nodes[at])) continue;
    const stars = nodes.filter((_, at) => pattern[at] === "*");
    return to.replace(/\*/g, () => stars.shift()!);
  }
  return undefined;
}

/** Indices as Logstash names them, by day or by hour. */
const LOGSTASH = /^(.*)-\d{4}(\.\d{2}){2,3}$/;

/** Figures of all indices and of each; with `isLogstash` those of one name are added up. */
export function indexValues(
  // deno-lint-ignore no-explicit-any
  stats: any,
  isLogstash: boolean,
): [index: string, name: string, value: number][] {
  const all = { _all: stats._all, ...(stats._all?.indices ?? stats.indices) };
  const sums = new Map<string, [string, string, number]>();
  // deno-lint-ignore no-explicit-any
  for (const [full, { primaries }] of Object.entries<any>(all)) {
    const index = (isLogstash && LOGSTASH.exec(full)?.[1]) || full;
    const add = (name: string, value: unknown) => {
      if (!isFiniteNumber(value)) return;
      const entry = sums.get(`${index} ${name}`) ?? [index, name, 0];
      entry[2] += value;
      sums.set(`${index} ${name}`, entry);
    };
    add("docs.count", primaries.docs?.count);
    add("docs.deleted", primaries.docs?.deleted);
    add("datastore.size", primaries.store?.size_in_bytes);
    flatten(primaries, (name, value) => {
      if (name.split(".").length === 2 && /(total|time_in_millis|in_bytes)$/.test(name)) {
        add(name, value);
      }
    });
    if (index !== full) add("indexes_in_group", 1);
  }
  return [...sums.values()];
}
