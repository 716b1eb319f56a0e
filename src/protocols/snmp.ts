/** The options of collectors that ask devices by SNMP, and the sessions that they come to. */

import { noData } from "../core/errors.ts";
import { choice, integer, number, secret, sections, text, type Values } from "../core/option.ts";
import type { Host } from "../ports/host.ts";
import type { SnmpSession } from "../ports/snmp.ts";
import { MAX_PORT } from "./servers.ts";

export const deviceOptions = {
  host: text("", "Name or address of the device"),
  port: integer(161, "Its port", { min: 1, max: MAX_PORT }),
  community: secret("public", "Its community, for versions 1 and 2c"),
  version: choice("2c", ["1", "2c", "3"], "The version of SNMP"),
  user: text("", "The user, for version 3"),
  auth_protocol: choice("", ["", "MD5", "SHA", "SHA256", "SHA512"], "How version 3 logs in"),
  auth_key: secret("", "The password for that"),
  privacy_protocol: choice("", ["", "DES", "AES", "AES256"], "How version 3 encrypts"),
  privacy_key: secret("", "The password for that"),
};
type Device = Values<typeof deviceOptions>;

/** The options of every collector that asks devices, by Diamond's names. */
export const snmpOptions = {
  timeout: number(5, "Seconds to wait for an answer", { min: 0.1 }),
  retries: integer(3, "How often a question is asked again", { min: 0 }),
};

/** Throws `no-data` where none is configured. */
export function devicesOf<D extends Device>(
  { devices }: { readonly devices: ReadonlyMap<string, D> },
): [name: string, device: D][] {
  if (devices.size === 0) throw noData("there is no section [[[devices]]]: nothing to ask");
  return [...devices];
}

export const devices = sections(deviceOptions, "The devices, by the names that metrics have");

export function openDevice(
  host: Host,
  device: Device,
  { timeout, retries }: Values<typeof snmpOptions>,
  signal: AbortSignal,
): Promise<SnmpSession> {
  const { auth_protocol, auth_key, privacy_protocol, privacy_key, ...rest } = device;
  return host.snmp.open({
    ...rest,
    auth: { protocol: auth_protocol, key: auth_key },
    privacy: { protocol: privacy_protocol, key: privacy_key },
    timeout,
    retries,
  }, signal);
}
