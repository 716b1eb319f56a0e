/** Source: https://docs.kernel.org/accounting/psi.html */

import { defineCollector, gauge, MAX_COUNTER, rate } from "../../core/collector.ts";
import { messageOf, noData } from "../../core/errors.ts";
import type { HostFs } from "../../ports/fs.ts";

const FOLDER = "/proc/pressure";
/** `irq` is there from Linux 6.1 on, where the kernel accounts the time of interrupts. */
const RESOURCES = ["cpu", "memory", "io", "irq"];
const SHARES = ["some", "full"];
const PATTERNS = {
  avg10: "{resource}.{share}.avg10",
  avg60: "{resource}.{share}.avg60",
  avg300: "{resource}.{share}.avg300",
  total: "{resource}.{share}.total",
} as const;

export default defineCollector({
  name: "PressureCollector",
  doc: "How much of the time tasks waited for CPU, memory, I/O and interrupts: pressure stalls",
  path: "pressure",
  sources: RESOURCES.map((resource) => `${FOLDER}/${resource}`),
  options: {},
  metrics: {
    [PATTERNS.avg10]: gauge("Time in which some tasks waited, or all; over 10 s", 2, "percent"),
    [PATTERNS.avg60]: gauge("The same over 60 s", 2, "percent"),
    [PATTERNS.avg300]: gauge("The same over 300 s", 2, "percent"),
    [PATTERNS.total]: rate("The same since the last run, in microseconds per second", 0, {
      max: MAX_COUNTER,
      unit: "us/s",
    }),
  },

  prepare: () => ({ resources: undefined as readonly string[] | undefined }),

  collect({ host: { fs }, state, emit, skipLine }) {
    const { resources = RESOURCES } = state;
    const found = resources.filter((resource) => {
      const source = `${FOLDER}/${resource}`;
      const lines = fs.tryRead(source);
      if (lines === undefined && state.resources !== undefined) {
        skipLine({ source, line: () => undefined });
      }
      while (lines?.nextLine()) {
        const share = lines.word();
        // Not all tasks of a host can wait for the CPU. The kernel fills the line with zeros.
        if (resource === "cpu" && share === "full") continue;
        let isRead = SHARES.includes(share);
        while (isRead && lines.more) {
          const name = lines.until("=") ?? "";
          const value = name === "total" ? lines.tryCounter() : lines.tryFloat();
          isRead = value !== undefined && value >= 0;
          if (value !== undefined && isRead && isKnown(name)) {
            emit(PATTERNS[name], value, resource, share);
          }
        }
        if (!isRead) skipLine(lines);
      }
      return lines !== undefined;
    });
    if (found.length === 0) throw noData(whyNone(fs));
    // A running kernel gets no new ones, so what it lacks is not asked for at each run.
    state.resources ??= found;
  },
});

function isKnown(name: string): name is keyof typeof PATTERNS {
  return Object.hasOwn(PATTERNS, name);
}

function whyNone(fs: HostFs): string {
  const why =
    "Linux has pressure information from 4.20 on, in part only with psi=1 on its command line";
  try {
    fs.read(`${FOLDER}/${RESOURCES[0]}`);
    return why;
  } catch (error) {
    return `${messageOf(error)}: ${why}`;
  }
}
