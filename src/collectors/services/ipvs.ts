/** Source: ipvsadm(8) */

import { type Context, defineCollector, gauge } from "../../core/collector.ts";
import { codeOf } from "../../core/errors.ts";
import { bool } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { commandOptions, rowsOf, run } from "../../protocols/command.ts";

const STATS = wordsOf("conns inpkts outpkts inbytes outbytes");
/** Powers of 1024, in the output of versions that do not know --exact. */
const SUFFIXES = ["", "K", "M", "G", "T"];

const options = {
  ...commandOptions("/usr/sbin/ipvsadm"),
  use_sudo: bool(true, "Run it with sudo"),
};
const metrics = {
  "{service}.{server}.{field}": gauge(
    "Connections, packets, bytes since the start; total: of all its servers",
    0,
    { byte: "*bytes" },
  ),
  "{service}.{server}.active": gauge("Connections that are open"),
  "{service}.{server}.inactive": gauge("Connections that are being closed"),
};
interface State {
  /** Cleared for good once the program turns out not to know --exact. */
  knowsExact: boolean;
}
type Ipvs = Context<typeof options, typeof metrics, State>;

export default defineCollector({
  name: "IPVSCollector",
  doc: "Services of the kernel's load balancer IPVS, and their servers",
  path: "ipvs",
  sources: ["ipvsadm --list --stats --numeric --exact", "ipvsadm --list --numeric"],
  options,
  metrics,
  prepare: (): State => ({ knowsExact: true }),

  async collect(context) {
    const { emit } = context;
    const stats = await statistics(context);
    const list = await ipvsadm(context, ["--list", "--numeric"]);
    for (const { service, server, cells } of rowsWithNames(context, stats)) {
      const values = STATS.map((_, at) => valueOf(cells[at]));
      STATS.forEach((field, at) => {
        const value = values[at];
        if (value !== undefined) emit("{service}.{server}.{field}", value, service, server, field);
      });
      if (values.includes(undefined)) skipRow(context, [service, server, ...cells]);
    }
    emitConnections(context, list);
  },
});

/** With sudo where there is one: it is the default, and root on a small machine has none and needs none. */
function ipvsadm({ host, options, signal }: Ipvs, args: readonly string[]): Promise<string> {
  const use_sudo = options.use_sudo && host.exec.find(options.sudo_cmd) !== undefined;
  return run(host, { ...options, use_sudo }, args, signal);
}

async function statistics(context: Ipvs): Promise<string> {
  const { state } = context;
  const args = ["--list", "--stats", "--numeric"];
  if (!state.knowsExact) return await ipvsadm(context, args);
  try {
    return await ipvsadm(context, [...args, "--exact"]);
  } catch (error) {
    if (codeOf(error) !== "bad-data") throw error;
    // Where it fails without the option too, that is not what is wrong.
    const output = await ipvsadm(context, args).catch(() => undefined);
    if (output === undefined) throw error;
    state.knowsExact = false;
    return output;
  }
}

/** A service's own are the sums over its servers. */
function emitConnections(context: Ipvs, list: string): void {
  const { emit } = context;
  const totals = new Map<string, { active: number; inactive: number }>();
  for (const { service, server, cells } of rowsWithNames(context, list)) {
    if (server === "total") {
      totals.set(service, { active: 0, inactive: 0 });
      continue;
    }
    const total = totals.get(service)!;
    const [active = NaN, inactive = NaN] = cells.slice(2).map(valueOf);
    if (Number.isNaN(active + inactive)) skipRow(context, [service, server, ...cells]);
    total.active += active;
    total.inactive += inactive;
    emitPair(emit, service, server, { active, inactive });
  }
  for (const [service, total] of totals) emitPair(emit, service, "total", total);
}

function emitPair(
  emit: Ipvs["emit"],
  service: string,
  server: string,
  { active, inactive }: { readonly active: number; readonly inactive: number },
): void {
  if (!Number.isNaN(active)) emit("{service}.{server}.active", active, service, server);
  if (!Number.isNaN(inactive)) emit("{service}.{server}.inactive", inactive, service, server);
}

interface Row {
  readonly service: string;
  readonly server: string;
  /** What stands behind the address. */
  readonly cells: readonly string[];
}

/** `TCP 10.0.0.1:80 wlc`, and below it `-> 10.0.0.2:80 Masq 1 0 0`. A service by firewall mark is `FWM 5`. */
function* rowsWithNames(context: Ipvs, output: string): Generator<Row> {
  let service: string | undefined;
  for (const [kind, address = "", ...cells] of rowsOf(output)) {
    const isHeading = address === "LocalAddress:Port" || address === "RemoteAddress:Port" ||
      kind === "IP";
    if (isHeading) continue;
    const name = address.replaceAll(".", "_");
    if (/^(?:TCP|UDP|SCTP|FWM)$/.test(kind) && name !== "") {
      service = `${kind}_${name}`;
      yield { service, server: "total", cells };
    } else if (kind === "->" && name !== "" && service !== undefined) {
      yield { service, server: name, cells };
    } else {
      skipRow(context, [kind, address, ...cells]);
    }
  }
}

function skipRow({ skipLine }: Ipvs, cells: readonly string[]): void {
  skipLine({ source: "ipvsadm", line: () => cells.join(" ") });
}

/** `582893`, `45293K`. */
function valueOf(cell: string | undefined): number | undefined {
  const [, digits, suffix] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(cell ?? "") ?? [];
  return digits === undefined ? undefined : Number(digits) * 1024 ** SUFFIXES.indexOf(suffix);
}
