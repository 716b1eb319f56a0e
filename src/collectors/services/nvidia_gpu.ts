/** Source: nvidia-smi(1), --help-query-gpu */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { words } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";

/** In words since the exit status depends on the version: 0 or 6. */
const NO_GPU = "No devices";
/** With MIG, and on machines where memory is shared. Other words in brackets are errors: `[GPU is lost]`. */
const ABSENT = /^\[?(N\/A|Not Supported)\]?$/;

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
    const cellsOf = (line: string) => line.split(",").map((cell) => cell.trim());
    const isRow = (line: string) => cellsOf(line).length === stats.length;
    // One GPU that has failed does not end the list, but sets the exit status.
    const isGood = (status: number, output: string) =>
      status === 0 || output.startsWith(NO_GPU) || output.split("\n").some(isRow);
    const output = (await run(host, options, args, signal, { isGood })).trim();
    if (output === "" || output.startsWith(NO_GPU)) throw noData("nvidia-smi finds no GPU");
    for (const line of output.split("\n")) {
      const [index, ...cells] = cellsOf(line);
      let isRead = isRow(line) && /^[^[]/.test(index);
      for (const [at, cell] of isRead ? cells.entries() : []) {
        const value = numberIn(cell);
        if (value !== undefined) emit("gpu_{index}.{stat}", value, index, stats[at + 1]);
        else if (!ABSENT.test(cell)) isRead = false;
      }
      if (!isRead) skipLine({ source: "nvidia-smi", line: () => line });
    }
  },
});
