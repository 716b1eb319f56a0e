/** Source: /proc/drbd of DRBD 8; drbdsetup(8), status, of DRBD 9, whose /proc/drbd has no counters */

import { defineCollector, gauge, type SkipLine } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { badData } from "../../core/errors.ts";
import { text } from "../../core/option.ts";
import { pairsOf } from "../../core/words.ts";
import { isFiniteNumber } from "../../formats/flatten.ts";
import { run } from "../../protocols/command.ts";

/** Of /proc/drbd; `wo`, the write order, is a letter. */
const FIELDS = pairsOf(`
  ns=network_send nr=network_receive dw=disk_write dr=disk_read al=activity_log bm=bit_map
  lo=local_count pe=pending ua=unacknowledged ap=application_pending ep=epochs oos=out_of_sync
`);
/** Of a device in DRBD 9. */
const DEVICE = pairsOf(`
  written=disk_write read=disk_read al-writes=activity_log bm-writes=bit_map
  lower-pending=local_count upper-pending=application_pending
`);
/** Of a connection to a peer, for one device: their sum. */
const PEER = pairsOf(`
  sent=network_send received=network_receive pending=pending unacked=unacknowledged
  out-of-sync=out_of_sync
`);

type Fields = Readonly<Record<string, unknown>>;
interface Resource {
  readonly devices?: readonly Fields[];
  readonly connections?: readonly { readonly peer_devices?: readonly Fields[] }[];
}
type Use = (device: string, field: string, value: number) => void;

export default defineCollector({
  name: "DRBDCollector",
  doc: "Replicated block devices: traffic, requests under way, what is out of sync",
  path: "drbd",
  sources: ["/proc/drbd", "drbdsetup status --json --statistics"],
  gone: { "DRBD 9": "epochs" },
  options: {
    drbdsetup: text("drbdsetup", "The program drbdsetup, which is asked where DRBD is 9 or later"),
  },
  metrics: {
    "{device}.{field}": gauge(
      "By the device's minor number: KiB of traffic, requests under way",
      0,
      { KiB: "disk_* network_* out_of_sync" },
    ),
  },

  async collect({ host, options, emit, signal, skipLine }) {
    const lines = host.fs.read("/proc/drbd");
    const use: Use = (device, field, value) => emit("{device}.{field}", value, device, field);
    if (Number(/^version: (\d+)/.exec(lines.line())?.[1] ?? 8) < 9) {
      return readTable(lines, use, skipLine);
    }
    const command = { bin: options.drbdsetup, use_sudo: false, sudo_cmd: "" };
    readStatus(await run(host, command, ["status", "--json", "--statistics"], signal), use);
  },
});

/** ` 0: cs:Connected ro:Primary/Secondary …`, and below it `ns:0 nr:0 dw:0 …` */
function readTable(lines: Cursor, use: Use, skipLine: SkipLine): void {
  let device: string | undefined;
  while (lines.nextLine()) {
    const line = lines.line();
    const [, minor] = /^\s*(\d+):\s*cs:/.exec(line) ?? [];
    if (minor !== undefined) device = minor;
    if (!/^\s+ns:/.test(line) || device === undefined) continue;
    let isRead = true;
    for (const [, key, value] of line.matchAll(/(\w+):(\S*)/g)) {
      const field = FIELDS.get(key);
      if (field === undefined) continue;
      if (/^\d{1,20}$/.test(value)) use(device, field, Number(value));
      else isRead = false;
    }
    if (!isRead) skipLine(lines);
  }
}

function readStatus(output: string, use: Use): void {
  let resources: readonly Resource[];
  try {
    resources = JSON.parse(output);
  } catch (error) {
    throw badData("drbdsetup status does not answer with JSON", error);
  }
  for (const { devices = [], connections = [] } of resources) {
    for (const device of devices) {
      const name = String(device["minor"]);
      const peers = connections.flatMap(({ peer_devices = [] }) =>
        peer_devices.filter(({ volume }) => volume === device["volume"])
      );
      for (const [key, field] of DEVICE) put(name, field, [device[key]]);
      for (const [key, field] of PEER) put(name, field, peers.map((peer) => peer[key]));
    }
  }

  /** Half of a sum is not one. */
  function put(device: string, field: string, values: readonly unknown[]): void {
    const numbers = values.filter(isFiniteNumber);
    if (numbers.length === 0 || numbers.length < values.length) return;
    use(device, field, numbers.reduce((sum, value) => sum + value, 0));
  }
}
