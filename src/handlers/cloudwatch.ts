/**
 * Amazon CloudWatch: metrics that rules name, by its query API.
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
 */

import { configError } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { bool, secret, section, sections, text, type Values } from "../core/option.ts";
import { type Datum, putMetricData } from "../formats/cloudwatch.ts";
import { awsKeys, instanceId } from "../protocols/aws.ts";
import { keyedPostOptions, post } from "../protocols/http_post.ts";

/** A request has 1000 values at most; a rule makes up to two of a metric. */
const MAX_METRICS = 500;
const FORM = "application/x-www-form-urlencoded; charset=utf-8";
/** Answers of 400 that say nothing of the values. */
const PASSING = /Throttl|RequestExpired|ExpiredToken|InvalidClientTokenId|IncompleteSignature/;

const rule = {
  collector: text("", "The collector's name in paths"),
  metric: text("", "The metric's name behind the collector's"),
  namespace: text("", "CloudWatch's namespace"),
  name: text("", "CloudWatch's name"),
  unit: text("None", "CloudWatch's unit, such as Bytes/Second"),
  collect_by_instance: bool(true, "Send with the instance as a dimension"),
  collect_without_dimension: bool(false, "Send without the instance"),
  dimensions: section("Dimensions, NAME = VALUE each"),
};
type Rule = Values<typeof rule>;

export default defineHandler({
  name: "cloudwatchHandler",
  doc: "Sends metrics to Amazon CloudWatch",
  receipt: "application",
  options: {
    region: text("us-east-1", "Amazon's region"),
    url: text("", "Where to post to; empty: the region's endpoint"),
    access_key_id: text("", "Key to sign with; empty: the environment's, a file's or the role's"),
    secret_access_key: secret("", "The key's secret"),
    session_token: secret("", "Of a key for a time"),
    instance_id: text("", "The instance; empty: as the machine's metadata says"),
    "*": sections(rule, "A metric to send"),
    ...keyedPostOptions(),
  },

  largest: () => MAX_METRICS,
  open({ host, options }) {
    const { region } = options;
    const rules = [...options["*"].values()];
    const url = options.url || `https://monitoring.${region}.amazonaws.com/`;
    const keysOf = awsKeys(host, options);
    const isInstanceWanted = rules.some(({ collect_by_instance }) => collect_by_instance);
    let instance = options.instance_id;
    return {
      async write(batch, signal) {
        const wanted = batch.filter((metric) => rules.some((one) => isMeant(one, metric)));
        if (wanted.length === 0) return;
        if (isInstanceWanted && instance === "") instance = await instanceId(host, signal);
        const keys = await keysOf(signal);
        for (const [namespace, data] of byNamespace(wanted, rules, instance)) {
          const body = putMetricData(namespace, data);
          const headers = await host.credentials.signAws({
            url,
            body,
            headers: { "content-type": FORM },
            service: "monitoring",
            region,
          }, keys);
          await post(host, options, { url, type: FORM, body, headers, passing: PASSING }, signal);
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

function isMeant({ collector, metric }: Rule, { series }: Metric): boolean {
  return series.collector === collector && series.name === metric;
}

function byNamespace(
  batch: readonly Metric[],
  rules: readonly Rule[],
  instance: string,
): Map<string, Datum[]> {
  const found = new Map<string, Datum[]>();
  for (const metric of batch) {
    for (const one of rules) {
      if (!isMeant(one, metric)) continue;
      const data = found.get(one.namespace) ?? [];
      data.push(...dataOf(metric, one, instance));
      found.set(one.namespace, data);
    }
  }
  return found;
}

function dataOf({ value, timestamp }: Metric, rule: Rule, instance: string): Datum[] {
  const { name, unit } = rule;
  const own = Object.entries(rule.dimensions).map(([key, text]) => {
    if (typeof text !== "string") {
      throw configError(`the dimension ${key} of ${name} is not a text`);
    }
    return [key, text] as const;
  });
  const datum = { name, unit, value, timestamp };
  return [
    ...(rule.collect_by_instance
      ? [{ ...datum, dimensions: [...own, ["InstanceId", instance] as const] }]
      : []),
    ...(rule.collect_without_dimension ? [{ ...datum, dimensions: own }] : []),
  ];
}
