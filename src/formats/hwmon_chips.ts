/** Names of sensor chips as libsensors makes them, by the bus that the chip is on: `coretemp-isa-0000`. */

import type { HostFs } from "../ports/fs.ts";

/** From a device to the one that it is a part of: an NVMe disk, its controller on the PCI bus. */
const MAX_STEPS = 4;

/** `folder`: of the chip in /sys/class/hwmon. */
export function chipName(fs: HostFs, folder: string, prefix: string): string {
  let path = fs.realPath(`${folder}/device`);
  for (let step = 0; step < MAX_STEPS && path !== undefined; step++) {
    const subsystem = fs.readLink(`${path}/subsystem`)?.replace(/^.*\//, "");
    const device = path.replace(/^.*\//, "");
    const bus = subsystem === undefined ? undefined : BUSES[subsystem]?.(device);
    if (bus !== undefined) return `${prefix}-${bus}`;
    path = fs.realPath(`${path}/device`);
  }
  return `${prefix}-virtual-0`;
}

/** By subsystem: the bus and the address on it, from the device's name. Undefined where the name has another form. */
const BUSES: Readonly<Record<string, (device: string) => string | undefined>> = {
  platform: isa,
  of_platform: isa,
  acpi: () => "acpi-0",
  /** `0000:01:00.0` */
  pci: (device) => {
    const [domain, bus, slot, part] = numbersIn(device, PCI, [16, 16, 16, 16]) ?? [];
    if (domain === undefined) return undefined;
    return `pci-${hex(domain * 0x1_0000 + (bus << 8) + (slot << 3) + part, 4)}`;
  },
  /** `3-0048` */
  i2c: (device) => {
    const [bus, address] = numbersIn(device, /^(\d+)-([\da-f]+)$/, [10, 16]) ?? [];
    return bus === undefined ? undefined : `i2c-${bus}-${hex(address, 2)}`;
  },
  /** `spi1.2` */
  spi: (device) => {
    const [bus, address] = numbersIn(device, /^spi(\d+)\.(\d+)$/, [10, 10]) ?? [];
    return bus === undefined ? undefined : `spi-${bus}-${hex(address)}`;
  },
  /** `0003:1E71:2007.0004` */
  hid: (device) => {
    const [bus, , , address] = numbersIn(device, PCI, [16, 16, 16, 16]) ?? [];
    return bus === undefined ? undefined : `hid-${bus}-${hex(address)}`;
  },
  /** `fixed-0:07` */
  mdio_bus: (device) => {
    const [address] = numbersIn(device, /:(\d+)$/, [10]) ?? [];
    return address === undefined ? undefined : `mdio-${hex(address)}`;
  },
  /** `2:0:1:0` */
  scsi: (device) => {
    const [host, channel, target, unit] =
      numbersIn(device, /^(\d+):(\d+):(\d+):([\da-f]+)$/, [10, 10, 10, 16]) ?? [];
    return host === undefined
      ? undefined
      : `scsi-${host}-${hex((channel << 8) + (target << 4) + unit)}`;
  },
};

const PCI = /^([\da-f]+):([\da-f]+):([\da-f]+)\.([\da-f]+)$/i;

/** `nct6775.656`; 0 without a number. */
function isa(device: string): string {
  const [address = 0] = numbersIn(device, /^[a-z\d_]+\.(\d+)/, [10]) ?? [];
  return `isa-${hex(address, 4)}`;
}

function numbersIn(
  text: string,
  form: RegExp,
  bases: readonly number[],
): readonly number[] | undefined {
  const found = form.exec(text);
  return found === null ? undefined : bases.map((base, at) => parseInt(found[at + 1], base));
}

function hex(value: number, digits = 1): string {
  return value.toString(16).padStart(digits, "0");
}
