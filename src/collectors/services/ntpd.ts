/** Source: ntpq(1), ntpdc(1). ntpsec has no ntpdc; ntpq's kerninfo and sysinfo say the same there. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { codeOf, noData } from "../../core/errors.ts";
import { bool, text, type Values } from "../../core/option.ts";
import { numberIn } from "../../formats/flatten.ts";
import type { Host } from "../../ports/host.ts";
import { run } from "../../protocols/command.ts";

const options = {
  ntpq_bin: text("/usr/bin/ntpq", "The program ntpq"),
  ntpdc_bin: text("/usr/bin/ntpdc", "The program ntpdc; where it is missing, ntpq is asked"),
  use_sudo: bool(false, "Run them with sudo"),
  sudo_cmd: text("/usr/bin/sudo", "The program sudo"),
};

/** Columns of the peer in use. */
const COLUMNS = ["stratum", "when", "poll", "reach", "delay", "offset", "jitter"];
const SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };
/** Lines of kerninfo and sysinfo, and the decimals of their values. */
const FIELDS: Readonly<Record<string, readonly [name: string, precision: number]>> = {
  "pll offset": ["offset", 10],
  "pll frequency": ["frequency", 6],
  "maximum error": ["max_error", 6],
  "estimated error": ["est_error", 6],
  "status": ["status", 0],
  "kernel status": ["status", 0],
  "root distance": ["root_distance", 6],
  "root delay": ["root_distance", 6],
  "root dispersion": ["root_dispersion", 6],
};

export default defineCollector({
  name: "NtpdCollector",
  doc: "The peer that ntpd follows, and the kernel's clock",
  path: "ntpd",
  sources: ["ntpq -np", "ntpdc -c kerninfo", "ntpdc -c sysinfo"],
  systems: everySystem,
  options,
  metrics: {
    "{peer}": gauge("Of the peer in use; times in ms, when in s", 0, {
      ms: "delay jitter",
      s: "when poll",
    }),
    "{clock}": gauge("Of the kernel's clock, in s and ppm", 0, {
      ppm: "frequency",
      s: "offset *_error root_*",
    }),
  },

  async collect({ host, options, emit, signal }) {
    const peers = await tryRun(host, options, options.ntpq_bin, ["-np"], signal);
    const kernel = await clockInfo(host, options, signal);
    if (peers === undefined && kernel.trim() === "") {
      throw noData("neither ntpq nor ntpdc can be run");
    }
    for (const [name, value, precision] of peerValues(peers ?? "")) {
      emit("{peer}", value, name, { precision });
    }
    for (const [, title, written] of kernel.matchAll(/^\s*([a-z ]+?):\s+([-+\d.e]+)/gim)) {
      const [name, precision] = FIELDS[title.toLowerCase()] ?? [];
      const value = numberIn(written);
      if (name !== undefined && value !== undefined) emit("{clock}", value, name, { precision });
    }
  },
});

/** `*10.0.0.1 .GPS. 1 u 33 64 377 0.5 0.1 0.2` */
function* peerValues(output: string): Generator<[name: string, value: number, precision: number]> {
  const line = output.split("\n").find((text) => text.startsWith("*"));
  if (line === undefined) return;
  const [, , stratum, , ...rest] = line.split(/\s+/);
  const values = [stratum, ...rest].map((text) => {
    const [, number, unit] = /^(\d+)([mhd])$/.exec(text) ?? [];
    return number === undefined ? numberIn(text) : Number(number) * SECONDS[unit];
  });
  // A peer that has never been heard of has no figures yet.
  if (values[1] === undefined) return;
  for (const [at, name] of COLUMNS.entries()) {
    const value = values[at];
    if (value !== undefined) yield [name, value, name === "delay" || name === "jitter" ? 6 : 0];
  }
}

async function clockInfo(
  host: Host,
  values: Values<typeof options>,
  signal: AbortSignal,
): Promise<string> {
  const ask = (bin: string, what: string) => tryRun(host, values, bin, ["-c", what], signal);
  const all = await Promise.all(
    ["kerninfo", "sysinfo"].map(async (what) =>
      await ask(values.ntpdc_bin, what) ?? await ask(values.ntpq_bin, what)
    ),
  );
  return all.map((text) => text ?? "").join("\n");
}

/** Undefined where the program is not there. */
async function tryRun(
  host: Host,
  { use_sudo, sudo_cmd }: Values<typeof options>,
  bin: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await run(host, { bin, use_sudo, sudo_cmd }, args, signal);
  } catch (error) {
    if (codeOf(error) === "no-data") return undefined;
    throw error;
  }
}
