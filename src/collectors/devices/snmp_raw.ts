/** Single values of devices that speak SNMP, by OID. */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { section, sections, text } from "../../core/option.ts";
import { decimalsOf, numberIn } from "../../formats/flatten.ts";
import type { SnmpSession, SnmpValue } from "../../ports/snmp.ts";
import { each } from "../../protocols/each.ts";
import { deviceOptions, devicesOf, openDevice, snmpOptions } from "../../protocols/snmp.ts";

const options = {
  ...snmpOptions,
  devices: sections(
    { ...deviceOptions, oids: section("The values: OID = name") },
    "The devices, by the names that metrics have",
  ),
  path_prefix: text("servers", "What metric paths begin with"),
  path_suffix: text("snmp", "What stands between device and name"),
};
const metrics = { "{prefix}.{device}.{suffix}.{name}": gauge("A value; the whole path") };

export default defineCollector({
  name: "SNMPRawCollector",
  doc: "Single values of devices that speak SNMP, by OID",
  path: "snmpraw",
  sources: ["SNMP"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    await each(devicesOf(options), ([name]) => name, async ([device, settings]) => {
      using session = await openDevice(host, settings, options, signal);
      await emitDevice(context, session, device, settings.oids as Readonly<Record<string, string>>);
    });
  },
});

async function emitDevice(
  { emit, log, options: values }: Context<typeof options, typeof metrics>,
  session: SnmpSession,
  device: string,
  oids: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [written, name] of Object.entries(oids)) {
    const oid = written.replace(/^\./, "");
    const value = (await session.get([oid])).get(oid) ?? await onlyRow(session, oid);
    const number = numberIn(value === undefined ? undefined : String(value));
    if (number === undefined) {
      log.warn(`${device} has no number at ${oid} (${name})`);
      continue;
    }
    const { path_prefix: prefix, path_suffix: suffix } = values;
    emit("{prefix}.{device}.{suffix}.{name}", number, prefix, device, suffix, name, {
      precision: decimalsOf(String(value)),
      path: true,
      host: device,
    });
  }
}

/** A column with a single row stands for its value. */
async function onlyRow(session: SnmpSession, oid: string): Promise<SnmpValue | undefined> {
  const rows = await session.walk(oid);
  return rows.size === 1 ? rows.values().next().value : undefined;
}
