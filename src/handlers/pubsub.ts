/**
 * Google Pub/Sub, by its REST API: a message for each metric.
 * Source: https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
 */

import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { integer, list, type Option, text, url } from "../core/option.ts";
import { base64 } from "../formats/base64.ts";
import { googleTokens } from "../protocols/google.ts";
import { below, keyedPostOptions, post } from "../protocols/http_post.ts";

const SCOPE = "https://www.googleapis.com/auth/pubsub";
const MAX_MESSAGES = 1000;

export default defineHandler({
  name: "PubsubHandler",
  doc: "Publishes metrics to Google Pub/Sub",
  receipt: "application",
  options: {
    topic: text("projects/my-project/topics/default-topic", "The topic"),
    scopes: list([SCOPE], "What the access is asked for"),
    url: url(
      "https://pubsub.googleapis.com",
      "Google's endpoint; PUBSUB_EMULATOR_HOST has a say too",
    ),
    credentials: text(
      "",
      "File with a service account's key; empty: GOOGLE_APPLICATION_CREDENTIALS, gcloud's login or the machine's",
    ),
    tags: list([], "Tags for all points, such as rack:r1"),
    retries: integer(3, "Without effect: a write is tried until it is taken"),
    batch: orWord(
      integer(MAX_MESSAGES, "Messages in a post at most", { min: 1, max: MAX_MESSAGES }),
    ),
    batch_size: integer(0, "Without effect: each run is sent when it ends"),
    ...keyedPostOptions(),
  },

  largest: ({ batch }) => batch,
  open({ host, options }) {
    const tags = tagsOf(options.tags);
    const emulator = host.credentials.variable("PUBSUB_EMULATOR_HOST");
    const base = emulator === "" ? options.url : `http://${emulator}`;
    const where = below(base, `v1/${options.topic}:publish`);
    const tokenOf = googleTokens(host, options.credentials, options.scopes.join(" "));
    return {
      async write(batch, signal) {
        const headers: Record<string, string> = emulator === ""
          ? { authorization: `Bearer ${await tokenOf(signal)}` }
          : {};
        const messages = batch.map((metric) => ({ data: base64(messageOf(metric, tags)) }));
        const body = JSON.stringify({ messages });
        await post(host, options, { url: where, type: "application/json", body, headers }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

/** Diamond's words for when to send stand for the default. */
function orWord(number: Option<number>): Option<number> {
  const isWord = (raw: unknown) =>
    typeof raw === "string" && /^(none|count|size)$/i.test(raw.trim());
  return { ...number, parse: (raw) => isWord(raw) ? number.fallback : number.parse(raw) };
}

type Tags = Readonly<Record<string, string>>;

function messageOf({ series, value, timestamp }: Metric, tags: Tags): string {
  const { host, prefix, collector, name, ttl } = series;
  const service = [prefix, collector, name].filter((part) => part !== "").join(".");
  return JSON.stringify({ host, service, time: timestamp, metric: value, ttl, tags });
}

/** `rack:r1, note:a:b`: what is after the first colon is the value. */
function tagsOf(entries: readonly string[]): Tags {
  return Object.fromEntries(entries.map((entry) => {
    const [key, ...rest] = entry.split(":");
    return [key.trim(), rest.join(":").trim()];
  }));
}
