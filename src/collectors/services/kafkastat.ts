/** Source: https://mx4j.sourceforge.net/docs/ch05.html. MX4J is a part of old brokers only: see JolokiaCollector. */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, text } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { queryOf } from "../../formats/query.ts";
import { elementsAt, parseXml, type XmlElement } from "../../formats/xml.ts";
import { each } from "../../protocols/each.ts";
import { get } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  host: text("127.0.0.1", "Name or address of the broker"),
  port: integer(8082, "Port of its MX4J", { min: 1, max: MAX_PORT }),
  query_paths: text("*kafka*:*", "Patterns of MBeans, with commas between them"),
};
const metrics = {
  "{bean}.{attribute}": gauge("A number of an MBean", 0, { ms: "CollectionTime" }),
};
type Kafka = Context<typeof options, typeof metrics>;

const JVM = ["java.lang:type=GarbageCollector,name=*", "java.lang:type=Threading"];
/** A broker may have a thousand beans. */
const AT_ONCE = 4;
const NUMBERS = wordsOf("double float java.lang.Object int long");

export default defineCollector({
  name: "KafkaCollector",
  doc: "MBeans of a Kafka broker, of its garbage collectors and threads, from MX4J",
  path: "kafka",
  sources: ["GET /serverbydomain", "GET /mbean"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const patterns = context.options.query_paths.split(",").map((pattern) => pattern.trim());
    const queries = [...patterns.filter((pattern) => pattern !== ""), ...JVM];
    await each(queries, (query) => query, async (querynames) => {
      const answer = await ask(context, "serverbydomain", { querynames });
      const names = new Set(namesIn(answer));
      await each([...names], (name) => name, (name) => emitBean(context, name), AT_ONCE);
    });
  },
});

async function emitBean(context: Kafka, objectname: string): Promise<void> {
  const flags = { operations: "False", constructors: "False", notifications: "False" };
  const bean = await ask(context, "mbean", { objectname, ...flags });
  for (const { attributes } of elementsAt(bean, "Attribute")) {
    const [name, type] = [attributes.get("name"), attributes.get("type") ?? ""];
    const value = numberIn(attributes.get("value"));
    if (name === undefined || value === undefined || !NUMBERS.includes(type)) continue;
    context.emit("{bean}.{attribute}", value, prefixOf(objectname), name);
  }
}

async function ask(
  { host, options, signal }: Kafka,
  page: string,
  query: Readonly<Record<string, string>>,
): Promise<XmlElement> {
  const words = queryOf({ template: "identity", ...query });
  const url = `${baseUrl(false, options.host, options.port)}/${page}?${words}`;
  return parseXml((await get(host, url, signal)).body, url);
}

function namesIn(root: XmlElement): string[] {
  const name = root.name === "MBean" ? root.attributes.get("objectname") : undefined;
  return [...(name === undefined ? [] : [name]), ...root.children.flatMap(namesIn)];
}

/**
 * `kafka.server:type=Topics,name=In,topic=foo` is Topics.In.topic.foo, as in Diamond: all that stands
 * behind the first `=`, without the second key.
 */
function prefixOf(objectname: string): string {
  const [, first = "", ...others] = objectname.split("=").map((text) => text.split('"')[1] ?? text);
  return [first.split(",")[0], ...others].join(".").replaceAll(",", ".").replaceAll(" ", "");
}
