/** Source: https://docs.ceph.com/en/latest/rados/operations/monitoring/ */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { text } from "../../core/option.ts";
import { run } from "../../protocols/command.ts";

/** `client io 8643 kB/s rd, 481 op/s`; since Luminous `client: 1.2 KiB/s rd, 5 op/s rd, 7 op/s wr`. */
const CLIENT = /^[ \t]*client(?: io|:)[ \t]+(.{0,200})/m;
const PART = /([\d.]+) ?([kMGTPE]?)(i?) ?(B|op)\/s(?: (rd|wr))?/gi;
const STEPS = ["", "K", "M", "G", "T", "P", "E"];

export default defineCollector({
  name: "CephStatsCollector",
  doc: "What the clients of a Ceph cluster read and write",
  path: "CephStatsCollector",
  sources: ["ceph -s"],
  systems: everySystem,
  options: {
    ceph_binary: text("ceph", "The program ceph; without a / it is looked for in PATH and /sbin"),
    socket_path: text("/var/run/ceph", "Without effect, as in Diamond"),
    socket_prefix: text("ceph-", "Without effect, as in Diamond"),
    socket_ext: text("asok", "Without effect, as in Diamond"),
  },
  metrics: {
    "cephstats.rd": gauge("Bytes that are read in a second", 0, "byte/s"),
    "cephstats.wr": gauge("Bytes that are written in a second", 0, "byte/s"),
    "cephstats.iops": gauge("Operations in a second, reads and writes"),
  },

  /** A cluster without traffic has no such line. */
  async collect({ host, options, emit, signal }) {
    const program = { bin: options.ceph_binary, use_sudo: false, sudo_cmd: "" };
    const output = await run(host, program, ["-s"], signal);
    const [, parts = ""] = CLIENT.exec(output) ?? [];
    let operations: number | undefined;
    for (const [, number, letter, binary, what, direction] of parts.matchAll(PART)) {
      const step = (binary === "" ? 1000 : 1024) ** STEPS.indexOf(letter.toUpperCase());
      const value = Number(number) * step;
      if (what.toLowerCase() === "op") operations = (operations ?? 0) + value;
      else if (direction === "rd") emit("cephstats.rd", value);
      else if (direction === "wr") emit("cephstats.wr", value);
    }
    if (operations !== undefined) emit("cephstats.iops", operations);
  },
});
