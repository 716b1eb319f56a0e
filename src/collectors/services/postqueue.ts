/** Source: postqueue(1) */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { commandOptions, run } from "../../protocols/command.ts";

export default defineCollector({
  name: "PostqueueCollector",
  doc: "Messages in Postfix' queues",
  path: "postqueue",
  sources: ["postqueue -p"],
  systems: everySystem,
  options: commandOptions("/usr/bin/postqueue"),
  metrics: { count: gauge("Messages that wait") },

  async collect({ host, options, emit, signal }) {
    const output = await run(host, options, ["-p"], signal);
    emit("count", countIn(output));
  },
});

/** The number in `-- 12 Kbytes in 3 Requests.`; an empty queue says so in words. */
function countIn(output: string): number {
  const [, count] = / in (\d+) Requests?\.\s*$/.exec(output) ?? [];
  return count === undefined ? 0 : Number(count);
}
