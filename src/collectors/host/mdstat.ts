/** Source: /proc/mdstat, https://raid.wiki.kernel.org/index.php/Mdstat */

import { type Context, defineCollector, gauge } from "../../core/collector.ts";

const metrics = {
  "{array}.member_count.{state}": gauge("Members that are active, faulty, spare", 1),
  "{array}.status.{field}": gauge(
    "Size, level and members of the array, and how it is laid out",
    1,
    { KiB: "blocks", byte: "chunk_size rounding_factor" },
  ),
  "{array}.bitmap.{field}": gauge("Pages of the write-intent bitmap; sizes in KiB", 1, {
    KiB: "page_size chunk_size",
  }),
  "{array}.recovery.{field}": gauge("Percent, speed in bytes/s, remaining time in ms", 1, {
    percent: "percent",
    "byte/s": "speed",
    ms: "remaining_time",
  }),
};

type Arrays = Context<Record<never, never>, typeof metrics>;

export default defineCollector({
  name: "MdStatCollector",
  doc: "Members, state and recovery of Linux software RAID",
  path: "mdstat",
  sources: ["/proc/mdstat"],
  options: {},
  metrics,

  collect(context) {
    const text = context.host.fs.read("/proc/mdstat").text();
    // A blank line ends an array; some kernels put blanks into it.
    for (const block of text.split(/\n\s*\n/)) {
      const [, array, members, rest] =
        /^(?:Personalities[^\n]*\n)?(\S+) : (.*)\n?([^]*)$/.exec(block.trimStart()) ?? [];
      if (array === undefined) continue;
      emitMembers(context, array, members);
      emitStatus(context, array, rest);
      emitBitmap(context, array, rest);
      emitRecovery(context, array, rest);
    }
  },
});

/** `active raid1 sdb1[2](F) sda1[0]` */
function emitMembers({ emit }: Arrays, array: string, line: string): void {
  const states = { active: 0, faulty: 0, spare: 0 };
  for (const [, flag] of line.matchAll(/\S+\[\d+\](?:\((\w)\))?/g)) {
    states[flag === "F" ? "faulty" : flag === "S" ? "spare" : "active"]++;
  }
  for (const [state, count] of Object.entries(states)) {
    emit("{array}.member_count.{state}", count, array, state);
  }
}

/** `104320 blocks super 1.2 level 5, 64k chunk, algorithm 2 [4/3] [UUU_] 64k rounding` */
function emitStatus({ emit }: Arrays, array: string, text: string): void {
  const [line] = text.split("\n");
  const put = (field: string, found: string | undefined, factor = 1) => {
    if (found !== undefined) emit("{array}.status.{field}", Number(found) * factor, array, field);
  };
  const [, blocks] = /(\d+) blocks/.exec(line) ?? [];
  const [, level, chunk, algorithm] = /level (\d+), (\d+)k chunk, algorithm (\d+)/.exec(line) ?? [];
  const [, total, actual] = /\[(\d+)\/(\d+)\]/.exec(line) ?? [];
  put("blocks", blocks);
  put("superblock_version", /super (\d+\.\d+)/.exec(line)?.[1]);
  put("raid_level", level);
  put("chunk_size", chunk, 1024);
  put("algorithm", algorithm);
  put("total_members", total);
  put("actual_members", actual);
  put("rounding_factor", /(\d+)k rounding/.exec(line)?.[1], 1024);
}

/** `bitmap: 1/4 pages [4KB], 65536KB chunk` */
function emitBitmap({ emit }: Arrays, array: string, text: string): void {
  const [, ...numbers] = /bitmap: (\d+)\/(\d+) pages \[(\d+)KB\], (\d+)KB chunk/.exec(text) ?? [];
  const fields = ["allocated_pages", "total_pages", "page_size", "chunk_size"];
  numbers.forEach((number, at) =>
    emit("{array}.bitmap.{field}", Number(number), array, fields[at])
  );
}

const MINUTE_MS = 60_000;

/** `recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec`; resync, check and reshape alike. */
function emitRecovery({ emit }: Arrays, array: string, text: string): void {
  const [, percent, finish, speed] =
    /(?:recovery|resync|check|reshape)\s*=\s*([\d.]+)%.*finish=([\d.]+)min speed=(\d+)K\/sec/.exec(
      text,
    ) ?? [];
  if (percent === undefined) return;
  emit("{array}.recovery.{field}", Number(percent), array, "percent");
  emit("{array}.recovery.{field}", Number(speed) * 1024, array, "speed");
  emit("{array}.recovery.{field}", Math.trunc(Number(finish) * MINUTE_MS), array, "remaining_time");
}
