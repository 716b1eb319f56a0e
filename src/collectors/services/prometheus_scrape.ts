/** Source: https://prometheus.io/docs/instrumenting/exposition_formats/ */

import { type Context, defineCollector, everySystem, gauge, rate } from "../../core/collector.ts";
import { choice, headers, integer, many, matchesAny, patterns, text } from "../../core/option.ts";
import { url, words } from "../../core/option.ts";
import { shownUrl } from "../../core/secrets.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { headersOf } from "../../formats/http_headers.ts";
import { piecesOf, readSamples, type Sample } from "../../formats/prometheus_samples.ts";
import { get } from "../../protocols/http_get.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const options = {
  url: url("http://localhost:9100/metrics", "Where the exporter answers"),
  ...trustOptions,
  headers: headers([], "More headers, such as X-Scope: me"),
  allow: patterns([], "match", "Only the exporter's names that one of these matches"),
  deny: patterns(["go_", "process_", "promhttp_"], "match", "None that one of these matches"),
  labels: choice("values", ["values", "pairs"], "values: .eth0; pairs: .device.eth0"),
  drop_labels: words([], "Labels that are left out of names"),
  counters: choice("rate", ["rate", "raw"], "rate: their growth per second; raw: as they stand"),
  precision: integer(3, "Decimals", { min: 0, max: 20 }),
  rename: many(text("", "What stands for the exporter's name"), "Names instead of the exporter's"),
};
const metrics = {
  "{gauge}": gauge("A sample by its name and labels", 3, {
    byte: "*_bytes *_bytes.*",
    s: "*_seconds *_seconds.*",
    percent: "*_percent *_percent.*",
  }),
  "{counter}": rate("Growth per second of a counter, and of a histogram's parts", 3, {
    unit: { "byte/s": "*_bytes_total* *_bytes_sum*", "s/s": "*_seconds_total* *_seconds_sum*" },
  }),
};
type Scrape = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "PrometheusScrapeCollector",
  doc: "Every sample of a Prometheus exporter, by its name and labels",
  path: "prometheus",
  sources: ["GET URL"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal, skipLine } = context;
    const { body } = await get(host, options.url, signal, {
      headers: { accept: "text/plain;version=0.0.4", ...headersOf(options.headers) },
      redirects: 10,
      ...trusting(options),
    });
    const extras = { precision: options.precision };
    const types = new Map<string, string>();
    const source = shownUrl(options.url);
    for (const piece of piecesOf(body)) {
      readSamples(
        piece,
        (sample) => emitSample(context, sample, extras),
        (line) => skipLine(unreadPart(source, line)),
        types,
      );
      if (piece.length < body.length) await host.clock.sleep(0, signal);
    }
  },
});

function emitSample(
  { emit, options }: Scrape,
  sample: Sample,
  extras: { readonly precision: number },
): void {
  const { name, value } = sample;
  // Summaries without observations have NaN.
  if (!Number.isFinite(value)) return;
  if (options.allow.compiled.length > 0 && !matchesAny(options.allow, name)) return;
  if (matchesAny(options.deny, name)) return;
  const path = pathOf(sample, options);
  if (sample.isCounter && options.counters === "rate") emit("{counter}", value, path, extras);
  else emit("{gauge}", value, path, extras);
}

function pathOf({ name, labels }: Sample, options: Scrape["options"]): string {
  let path = options.rename.get(name) ?? name.replaceAll(":", "_");
  for (const [label, value] of labels) {
    if (options.drop_labels.includes(label)) continue;
    if (options.labels === "pairs") path += `.${label}`;
    path += `.${nodeOf(value)}`;
  }
  return path;
}

/** A label's value as one node: `/var/log` is `_var_log`. */
function nodeOf(value: string): string {
  return value.replace(/[^\w-]/g, "_") || "_";
}
