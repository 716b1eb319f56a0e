/** Round-robin databases, a file for each series, written by rrdtool or through rrdcached. */

import { refused, undelivered } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { Metric, Series } from "../core/metric.ts";
import { integer, text } from "../core/option.ts";
import {
  errorKind,
  laterPart,
  type RrdFile,
  rrdFile,
  type RrdUpdate,
  rrdUpdates,
} from "../formats/rrd.ts";
import type { Address } from "../ports/net.ts";
import { splitAddress } from "../protocols/graphite.ts";
import { rrdcached, rrdtool, type RrdWriter } from "../protocols/rrdtool.ts";

const RRDCACHED_PORT = 42_217;
/** Files that are remembered: names may change from run to run. */
const MAX_FILES = 100_000;

export default defineHandler({
  name: "RRDHandler",
  doc: "Writes metrics to round-robin databases, by rrdtool or rrdcached",
  receipt: "application",
  ordered: true,
  options: {
    basedir: text("/var/lib/collectd/rrd", "Folder of the databases, HOST/COLLECTOR/METRIC.rrd"),
    step: integer(10, "Seconds between values, of databases that are made", { min: 1 }),
    rrdcached: text(
      "",
      "Its address, unix:/path or host:port; empty: rrdtool writes the databases",
    ),
  },

  open({ host, options }) {
    const { basedir, step, rrdcached: address } = options;
    const writer = address === ""
      ? rrdtool(host, basedir)
      : rrdcached(host, addressOf(address), basedir);
    const names = createNames();
    return {
      watch: writer.watch,
      async write(batch, signal) {
        const { good, twins } = names.sort(batch);
        const updates = rrdUpdates(good, names.fileOf);
        const bad = await written(writer, updates, step, signal);
        const points = [...twins, ...bad.flatMap(({ update }) => update.metrics)];
        if (points.length === 0) return;
        const why = bad.length > 0
          ? `${bad[0].update.path}: ${bad[0].error}`
          : `another metric has the file of "${
            twins[0].series.path
          }": names are cut to 19 characters`;
        throw Object.assign(refused(why), { points });
      },
      [Symbol.asyncDispose]: () => writer.close(),
    };
  },
});

function addressOf(text: string): Address {
  if (text.startsWith("unix:")) return { path: text.slice("unix:".length) };
  if (text.startsWith("/")) return { path: text };
  const { name: host, port } = splitAddress(text, RRDCACHED_PORT);
  return { host, port };
}

interface Bad {
  readonly update: RrdUpdate;
  readonly error: string;
}

/**
 * Makes the files that are missing, and writes the rest of what began before a file's last value. Returns the updates
 * whose files will never take them.
 */
async function written(
  writer: RrdWriter,
  updates: readonly RrdUpdate[],
  step: number,
  signal: AbortSignal,
): Promise<Bad[]> {
  if (updates.length === 0) return [];
  const again: RrdUpdate[] = [];
  const bad: Bad[] = [];
  for (const [index, error] of (await writer.update(updates, signal)).entries()) {
    if (error === "") continue;
    const update = updates[index];
    const kind = errorKind(error);
    if (kind === "other") throw undelivered(`cannot update ${update.path}: ${error}`);
    if (kind === "bad") bad.push({ update, error });
    else if (kind === "stored") again.push(...[laterPart(update, error) ?? []].flat());
    else {
      const why = await writer.create(update, step, signal);
      if (why !== "") throw undelivered(`cannot create ${update.path}: ${why}`);
      again.push(update);
    }
  }
  return [...bad, ...await written(writer, again, step, signal)];
}

/** Files by path; a second path of the same file has none. */
function createNames() {
  const files = new Map<string, RrdFile>();
  const owners = new Map<string, string>();
  const fileOf = (series: Series): RrdFile => {
    let file = files.get(series.path);
    if (file === undefined) files.set(series.path, file = rrdFile(series));
    return file;
  };
  return {
    fileOf,
    sort(batch: readonly Metric[]): { good: Metric[]; twins: Metric[] } {
      if (files.size > MAX_FILES) {
        files.clear();
        owners.clear();
      }
      const isOwner = ({ series }: Metric) => {
        const { path } = fileOf(series);
        if (!owners.has(path)) owners.set(path, series.path);
        return owners.get(path) === series.path;
      };
      const { good = [], twins = [] } = Object.groupBy(
        batch,
        (metric) => isOwner(metric) ? "good" : "twins",
      );
      return { good, twins };
    },
  };
}
