/** Source: https://man7.org/linux/man-pages/man5/proc_meminfo.5.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { bool, text } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { fieldReader } from "../../formats/proc_fields.ts";

const metrics = {
  MemTotal: gauge("Usable memory", 0, "byte"),
  MemFree: gauge("Memory that nobody uses", 0, "byte"),
  MemAvailable: gauge("Memory that programs could get without swapping", 0, "byte"),
  Buffers: gauge("Buffers of block devices", 0, "byte"),
  Cached: gauge("Page cache", 0, "byte"),
  Active: gauge("Memory used lately", 0, "byte"),
  Dirty: gauge("Memory that waits to be written to disk", 0, "byte"),
  Inactive: gauge("Memory not used lately", 0, "byte"),
  Shmem: gauge("Shared memory and tmpfs", 0, "byte"),
  SwapTotal: gauge("Swap space", 0, "byte"),
  SwapFree: gauge("Swap space that is not used", 0, "byte"),
  SwapCached: gauge("Memory that is in swap space as well", 0, "byte"),
  VmallocTotal: gauge("Address space for vmalloc", 0, "byte"),
  VmallocUsed: gauge("Address space that vmalloc uses", 0, "byte"),
  VmallocChunk: gauge("Largest free part of vmalloc's address space", 0, "byte"),
  Committed_AS: gauge("Memory that was promised to programs", 0, "byte"),
  MemUsedPercentage: gauge("Memory that is not available", 0, "percent"),
  "{field}": gauge("Any other line of the file, with detailed", 0, "byte"),
};

export default defineCollector({
  name: "MemoryCollector",
  doc: "Memory and swap space, in the first of byte_unit",
  path: "memory",
  sources: ["/proc/meminfo"],
  systems: ["linux", "darwin", "freebsd", "windows"],
  options: {
    detailed: bool(false, "Publish every line of the file"),
    force_psutil: text("", "Without effect: the file is always read"),
    method: text("", "Without effect, as in Diamond"),
  },
  metrics,

  /** Lines without a unit are counts, and left out. */
  prepare: ({ detailed, byte_unit: [unit] }) => ({
    read: fieldReader((name) => detailed || isDeclared(name), "kB"),
    factor: byteFactor("byte", unit),
    extras: { unit },
  }),

  collect({ host, state, emit, skipLine }) {
    const { factor, extras } = state;
    if (host.system !== "linux") {
      const { total, free } = host.figures.memory();
      emit("MemTotal", total * factor, extras);
      emit("MemFree", free * factor, extras);
      return;
    }
    const fields = state.read(host.fs.read("/proc/meminfo"), skipLine);
    if (fields.length === 0) throw noData("there is no memory in /proc/meminfo");
    let total = 0;
    let available = -1;
    for (const { name, value: kilobytes } of fields) {
      const value = Number(kilobytes) * 1024 * factor;
      if (isDeclared(name)) emit(name, value, extras);
      else emit("{field}", value, name, extras);
      if (name === "MemTotal") total = Number(kilobytes);
      if (name === "MemAvailable") available = Number(kilobytes);
    }
    if (total > 0 && available >= 0) {
      // Diamond rounds it twice.
      emit("MemUsedPercentage", Number(((100 * (total - available)) / total).toFixed(2)));
    }
  },
});

type Declared = Exclude<keyof typeof metrics, "{field}" | "MemUsedPercentage">;

const declared = new Set(Object.keys(metrics));
declared.delete("{field}");
declared.delete("MemUsedPercentage");

function isDeclared(name: string): name is Declared {
  return declared.has(name);
}
