/** Source: IF-MIB, https://www.rfc-editor.org/rfc/rfc2863 */

import {
  type Context,
  counter,
  defineCollector,
  everySystem,
  gauge,
} from "../../core/collector.ts";
import { byteUnits, text } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { pairsOf } from "../../core/words.ts";
import type { SnmpSession } from "../../ports/snmp.ts";
import { each } from "../../protocols/each.ts";
import { devices, devicesOf, openDevice, snmpOptions } from "../../protocols/snmp.ts";

const IF_TABLE = "1.3.6.1.2.1.2.2.1";
const IF_X_TABLE = "1.3.6.1.2.1.31.1.1.1";
const TYPE = `${IF_TABLE}.3`;
const NAME = `${IF_X_TABLE}.1`;
const ETHERNET = 6;
/** Columns of the tables, by number. */
const ERRORS = pairsOf("13=ifInDiscards 14=ifInErrors 19=ifOutDiscards 20=ifOutErrors");
const OCTETS = pairsOf("6=ifHCIn 10=ifHCOut");
const PACKETS = pairsOf(`
  7=ifInUcastPkts 8=ifInMulticastPkts 9=ifInBroadcastPkts
  11=ifOutUcastPkts 12=ifOutMulticastPkts 13=ifOutBroadcastPkts
`);
const MAX = { max: 18_446_744_073_709_600_000 };

const options = {
  ...snmpOptions,
  devices,
  path_prefix: text("systems", "What metric paths begin with"),
  byte_unit: byteUnits(["bit", "byte"], "Units of traffic; a list publishes each"),
};
const metrics = {
  "devices.{device}.interface.{interface}.{gauge}": gauge("Packets that were discarded or broken"),
  "devices.{device}.interface.{interface}.{counter}": counter("Packets by kind", 0, MAX),
  "devices.{device}.interface.{interface}.{way}{unit}": counter("Traffic", 0, {
    ...MAX,
    unit: "{unit}/s",
  }),
};
type Interfaces = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "SNMPInterfaceCollector",
  doc: "Traffic and errors of the Ethernet interfaces of devices that speak SNMP",
  path: "interface",
  sources: ["IF-MIB"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    await each(devicesOf(options), ([name]) => name, async ([device, settings]) => {
      using session = await openDevice(host, settings, options, signal);
      const types = await session.walk(TYPE);
      const names = await session.walk(NAME);
      for (const [index, type] of types) {
        if (type !== ETHERNET) continue;
        const name = String(names.get(index) ?? index).replaceAll('"', "").replace(/\W/g, "_");
        await emitInterface(context, session, { device, name, index });
      }
    });
  },
});

interface Interface {
  readonly device: string;
  readonly name: string;
  readonly index: string;
}

async function emitInterface(
  { emit, options }: Interfaces,
  session: SnmpSession,
  { device, name, index }: Interface,
): Promise<void> {
  const oids = (table: string, columns: ReadonlyMap<string, string>) =>
    [...columns].map(([column, field]) => [`${table}.${column}.${index}`, field] as const);
  const errors = oids(IF_TABLE, ERRORS);
  const octets = oids(IF_X_TABLE, OCTETS);
  const packets = oids(IF_X_TABLE, PACKETS);
  const values = await session.get([...errors, ...octets, ...packets].map(([oid]) => oid));
  const visit = (fields: typeof errors, use: (field: string, value: number | bigint) => void) => {
    for (const [oid, field] of fields) {
      const value = values.get(oid);
      if (value !== undefined && typeof value !== "string") use(field, value);
    }
  };
  visit(
    errors,
    (field, value) =>
      emit("devices.{device}.interface.{interface}.{gauge}", value, device, name, field),
  );
  visit(
    packets,
    (field, value) =>
      emit("devices.{device}.interface.{interface}.{counter}", value, device, name, field),
  );
  visit(octets, (way, value) => {
    for (const unit of options.byte_unit) {
      const scale = { scale: byteFactor("byte", unit) };
      emit(
        "devices.{device}.interface.{interface}.{way}{unit}",
        value,
        device,
        name,
        way,
        unit,
        scale,
      );
    }
  });
}
