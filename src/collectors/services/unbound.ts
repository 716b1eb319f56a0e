/** Source: https://unbound.docs.nlnetlabs.nl/en/latest/manpages/unbound-control.html */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { bool } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";

const options = {
  ...commandOptions("/usr/sbin/unbound-control"),
  histogram: bool(true, "Publish how long recursive lookups took, if the server counts it"),
};
const metrics = {
  "{field}": gauge("A line of the statistics", 0, {
    byte: "mem.*",
    s: "time.up time.elapsed *.recursion.time.*",
  }),
  "histogram.{bucket}": gauge("Recursive lookups that took so long or longer"),
};
type Unbound = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "UnboundCollector",
  doc: "Queries, cache and lookups of Unbound",
  path: "unbound",
  sources: ["unbound-control stats"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, emit, signal, skipLine } = context;
    // Rules for sudo name the argument as Diamond wrote it, with the blank.
    const output = await run(host, options, [" stats"], signal);
    const buckets = new Map<string, number>();
    let found = false;
    for (const [line, name, written] of output.matchAll(/^([^=\s]+)=(.*)$/gm)) {
      const value = numberIn(written);
      if (value === undefined) {
        skipLine(unreadPart("unbound-control stats", line));
        continue;
      }
      found = true;
      if (!name.startsWith("histogram")) emit("{field}", value, name);
      else if (options.histogram) addTo(buckets, bucketOf(name), value);
    }
    if (!found) throw badData("unbound-control stats prints no statistics");
    emitBuckets(context, buckets);
  },
});

function addTo(buckets: Map<string, number>, bucket: string | undefined, count: number): void {
  if (bucket !== undefined) buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
}

function emitBuckets({ emit }: Unbound, buckets: ReadonlyMap<string, number>): void {
  for (const [bucket, count] of buckets) emit("histogram.{bucket}", count, bucket);
}

/** `histogram.000000.001024.to.000000.002048` is 1ms+: the lower end, in ms and s. */
function bucketOf(name: string): string | undefined {
  const [, written] = /\.to\.(\d+\.\d+)$/.exec(name) ?? [];
  if (written === undefined) return undefined;
  const end = Number(written);
  if (end <= 0.001024) return "1ms";
  if (end < 1) return `${Math.trunc(end / 0.002048)}ms+`;
  if (end === 1) return "512ms+";
  return end <= 64 ? `${end / 2}s+` : "64s+";
}
