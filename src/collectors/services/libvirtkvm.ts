/** Source: virsh(1), domstats */

import { type Context, defineCollector, gauge, MAX_COUNTER, rate } from "../../core/collector.ts";
import { bool, text } from "../../core/option.ts";
import { pairsOf, wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, rowsOf, run } from "../../protocols/command.ts";

/** Names in metrics, by those of domstats. */
const BLOCK = pairsOf(
  "rd.reqs=read_reqs rd.bytes=read_bytes wr.reqs=write_reqs wr.bytes=write_bytes",
);
const NET = pairsOf(`
  rx.bytes=rx_bytes rx.pkts=rx_packets rx.errs=rx_errors rx.drop=rx_drops
  tx.bytes=tx_bytes tx.pkts=tx_packets tx.errs=tx_errors tx.drop=tx_drops
`);
/** Of guests that run: what else there is costs a question to each guest. */
const WANTED = wordsOf("--list-running --cpu-total --balloon --block --interface");
const KIB = 1024;
/** Nanoseconds per second that are one percent of a CPU. */
const PERCENT = 1e-7;

const options = {
  ...commandOptions("virsh"),
  uri: text("qemu:///system", "The hypervisor"),
  sort_by_uuid: bool(false, "Name guests by their UUID in metrics"),
  cpu_absolute: bool(false, "Publish CPU time as it stands, in ns, not in percent"),
};
const metrics = {
  "cpu.{cpu}.time": rate("CPU time in percent of one CPU; 0 and total are the same", 0, {
    max: MAX_COUNTER,
    unit: "percent",
  }),
  "block.{disk}.{field}": gauge("Requests and bytes of a disk since the start; total: of all", 0, {
    byte: "*_bytes",
  }),
  "net.{interface}.{field}": gauge("Traffic of an interface since the start; total: of all", 0, {
    byte: "*_bytes",
  }),
  "memory.nominal": gauge("Memory that the guest has", 0, "byte"),
  "memory.rss": gauge("Memory that the guest takes of the host", 0, "byte"),
};
type Guests = Context<typeof options, typeof metrics>;
/** `block.0.name` and the like. */
type Fields = ReadonlyMap<string, string>;

export default defineCollector({
  name: "LibvirtKVMCollector",
  doc: "Guests of libvirt that run: CPU time, disks, interfaces, memory",
  path: "libvirt-kvm",
  sources: ["virsh -r -c URI domstats"],
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    const ask = (...args: string[]) =>
      run(host, options, ["-r", "-c", options.uri, ...args], signal);
    const output = await ask("domstats", ...WANTED);
    const ids = options.sort_by_uuid ? idsIn(await ask("list", "--uuid", "--name")) : undefined;
    for (const [name, fields] of guestsIn(output)) {
      const instance = ids === undefined ? name : ids.get(name);
      if (instance !== undefined) emitGuest(context, instance, fields);
    }
  },
});

/** `4dea22b3-1d52-d8f3-2516-782e98ab3fa0 web1` */
function idsIn(output: string): ReadonlyMap<string, string> {
  return new Map(rowsOf(output).map(([id, ...name]) => [name.join(" "), id]));
}

/** `Domain: 'web1'`, and lines `cpu.time=48000000` below it. */
function* guestsIn(output: string): Generator<readonly [name: string, fields: Fields]> {
  for (const block of output.split(/^Domain: /m).slice(1)) {
    const [heading, ...lines] = block.split("\n");
    const [, name] = /^'(.*)'\s*$/.exec(heading) ?? [];
    if (name === undefined) continue;
    yield [
      name,
      new Map(
        lines.map((line) => line.trim()).map((line) => {
          const at = line.indexOf("=");
          return [line.slice(0, at), line.slice(at + 1)];
        }),
      ),
    ];
  }
}

function emitGuest({ emit, options }: Guests, instance: string, fields: Fields): void {
  const own = { instance };
  const time = numberIn(fields.get("cpu.time"));
  const form = options.cpu_absolute
    ? { instance, form: "gauge" } as const
    : { instance, scale: PERCENT };
  for (const cpu of time === undefined ? [] : ["0", "total"]) {
    emit("cpu.{cpu}.time", time!, cpu, form);
  }
  for (const [disk, field, value] of devicesIn(fields, "block", BLOCK)) {
    emit("block.{disk}.{field}", value, disk, field, own);
  }
  for (const [name, field, value] of devicesIn(fields, "net", NET)) {
    emit("net.{interface}.{field}", value, name, field, own);
  }
  const nominal = numberIn(fields.get("balloon.current"));
  const rss = numberIn(fields.get("balloon.rss"));
  if (nominal !== undefined) emit("memory.nominal", nominal * KIB, own);
  if (rss !== undefined) emit("memory.rss", rss * KIB, own);
}

/** The values of each device, and their sums. A drive without a medium has none. */
function* devicesIn(
  fields: Fields,
  kind: "block" | "net",
  names: ReadonlyMap<string, string>,
): Generator<readonly [device: string, field: string, value: number]> {
  const count = numberIn(fields.get(`${kind}.count`)) ?? 0;
  const totals = new Map<string, number>();
  for (let at = 0; at < count && fields.has(`${kind}.${at}.name`); at++) {
    for (const [key, field] of names) {
      const value = numberIn(fields.get(`${kind}.${at}.${key}`));
      if (value === undefined) continue;
      totals.set(field, (totals.get(field) ?? 0) + value);
      yield [fields.get(`${kind}.${at}.name`)!, field, value];
    }
  }
  for (const [field, value] of totals) yield ["total", field, value];
}
