/** Source: ping(8) */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { many, text } from "../../core/option.ts";
import { dotless } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";
import { each } from "../../protocols/each.ts";

/** What Diamond publishes for a host that does not answer. */
const NO_ANSWER = 10_000;

export default defineCollector({
  name: "PingCollector",
  doc: "Round-trip times to other hosts",
  path: "ping",
  sources: ["ping -nq -c 1 HOST"],
  systems: everySystem,
  options: {
    ...commandOptions("/bin/ping"),
    "target_*": many(text("", "A host"), "Hosts to ping"),
  },
  metrics: { "{host}": gauge("Time until the answer; 10000 without one", 3, "ms") },

  async collect({ host, options, emit, signal }) {
    const targets = [...options["target_*"].values()];
    if (targets.length === 0) throw noData("there is no target_…: no host to ping");
    await each(targets, (target) => target, async (target) => {
      // A host that does not answer is an answer too.
      const isGood = (status: number) => status <= 2;
      const output = await run(host, options, ["-nq", "-c 1", target], signal, { isGood });
      emit("{host}", roundTrip(output) ?? NO_ANSWER, dotless(target));
    });
  },
});

/** The least time in `rtt min/avg/max/mdev = 0.039/0.039/0.039/0.000 ms`. */
function roundTrip(output: string): number | undefined {
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const [, time] = /^(?:rtt|round-trip )[^=]*= ?([\d.]+)\//.exec(last) ?? [];
  return time === undefined ? undefined : Number(time);
}
