import { equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { unitOf } from "../../src/view/unit_of.ts";

describe("the unit of a series", () => {
  it("is the declared one where there is one", () => {
    equal(unitOf("servers.a.network.eth0.rx_byte", "packets"), "packets");
  });

  const names: Readonly<Record<string, string>> = {
    "iostat.sda.read_byte_per_second": "byte/s",
    "iostat.sda.write_megabyte_per_second": "megabyte/s",
    "network.eth0.tx_bit": "bit/s",
    "diskspace.root.gigabyte_free": "gigabyte",
    "diskspace.root.byte_percentfree": "percent",
    "memory.MemUsedPercentage": "percent",
    "network.eth0.rx_packets": "",
    "iostat.sda.reads_byte": "",
    "proc.bytes": "",
  };
  for (const [path, unit] of Object.entries(names)) {
    it(`of ${path} is "${unit}"`, () => equal(unitOf(`servers.a.${path}`), unit));
  }
});
