/** Source: nvidia-smi(1), --help-query-gpu */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { words } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";

export default defineCollector({
  name: "NvidiaGPUCollector",
  doc: "NVIDIA's GPUs: memory, utilization, temperature",
  path: "nvidia",
  sources: ["nvidia-smi --query-gpu=STATS --format=csv,nounits,noheader"],
  systems: everySystem,
  options: {
    ...commandOptions("/usr/bin/nvidia-smi"),
    stats: words(
      wordsOf(`
        index memory.total memory.used memory.free utilization.gpu utilization.memory
        temperature.gpu
      `),
      "Properties to ask for, by nvidia-smi's names; the first has to be index",
    ),
  },
  metrics: {
    "gpu_{index}.{stat}": gauge("A property: MiB, percent, °C; absent where it is N/A", 0, {
      MiB: "memory.*",
      percent: "utilization.* fan.speed",
      "°C": "temperature.*",
      W: "power.*",
    }),
  },

  async collect({ host, options, emit, signal, skipLine }) {
    const { stats } = options;
    const args = [`--query-gpu=${stats.join(",")}`, "--format=csv,nounits,noheader"];
    // One GPU that has failed does not end the list, but sets the exit status.
    const isGood = (status: number, output: string) => status === 0 || output.includes(", ");
    const output = (await run(host, options, args, signal, { isGood })).trim();
    if (output === "" || output.startsWith("No devices")) throw noData("nvidia-smi finds no GPU");
    for (const line of output.split("\n")) {
      const cells = line.split(",").map((cell) => cell.trim());
      const [index] = cells;
      let isRead = cells.length === stats.length && index !== "";
      for (const [at, stat] of isRead ? [...stats.entries()].slice(1) : []) {
        const value = numberIn(cells[at]);
        if (value !== undefined) emit("gpu_{index}.{stat}", value, index, stat);
        else if (!isUnknown(cells[at])) isRead = false;
      }
      if (!isRead) skipLine({ source: "nvidia-smi", line: () => line });
    }
  },
});

/** `[N/A]`, `[Not Supported]`: with MIG, and on machines where memory is shared. */
function isUnknown(cell: string): boolean {
  return /^\[.*\]$|^N\/A$/.test(cell);
}
