/** Source: https://github.com/beanstalkd/beanstalkd/blob/master/doc/protocol.txt */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, text } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { Conversation } from "../../protocols/conversation.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  host: text("localhost", "Name or address of the server"),
  port: integer(11300, "Its port", { min: 1, max: MAX_PORT }),
};
const metrics = {
  "{stat}": gauge("Jobs, commands, connections and CPU time, as the server counts them", 0, {
    byte: "*-size",
    s: "uptime rusage-*",
  }),
  "tubes.{tube}.{stat}": gauge("Jobs and commands of a tube, as the server counts them", 0, {
    s: "pause pause-time-left",
  }),
};
type Beanstalkd = Context<typeof options, typeof metrics>;

/** They may look like numbers: an identifier of digits, version 1.12. */
const TEXTS = wordsOf("version id hostname name os platform draining");
/** A tube may go between the list and its question. */
const GONE = "NOT_FOUND";

export default defineCollector({
  name: "BeanstalkdCollector",
  doc: "Jobs, commands and tubes of beanstalkd",
  path: "beanstalkd",
  sources: ["stats", "list-tubes", "stats-tube"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options: { host: server, port }, emit, signal } = context;
    using peer = await Conversation.open(host, { host: server, port }, signal);
    for (const [stat, value] of statsIn(context, await answerTo(peer, "stats"))) {
      emit("{stat}", value, stat);
    }
    const tubes = await answerTo(peer, "list-tubes");
    for (const [, tube] of tubes.matchAll(/^- "?([^"\r\n]+)"?\r?$/gm)) {
      const stats = await answerTo(peer, `stats-tube ${tube}`);
      for (const [stat, value] of statsIn(context, stats)) {
        emit("tubes.{tube}.{stat}", value, tube, stat);
      }
    }
  },
});

/** `OK 265`, and so many bytes of YAML. */
async function answerTo(peer: Conversation, question: string): Promise<string> {
  await peer.send(`${question}\r\n`);
  const line = await peer.line();
  if (line === GONE) return "";
  const [, count] = /^OK (\d+)$/.exec(line) ?? [];
  if (count === undefined) throw peer.failure(`answers ${question} with "${line.slice(0, 60)}"`);
  const yaml = new TextDecoder().decode(await peer.bytes(Number(count)));
  await peer.line();
  return yaml;
}

function* statsIn(
  { skipLine, options: { host, port } }: Beanstalkd,
  yaml: string,
): Generator<[stat: string, value: number]> {
  for (const [line, stat, written] of yaml.matchAll(/^([\w-]+): *(.*?)\r?$/gm)) {
    if (TEXTS.includes(stat)) continue;
    const value = numberIn(written);
    if (value === undefined) skipLine(unreadPart(`${host}:${port}`, line));
    else yield [stat, value];
  }
}
