import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { quantity, tickTexts } from "../../src/view/quantity.ts";

describe("quantity", () => {
  const cases: readonly (readonly [value: number, unit: string, text: string])[] = [
    [0, "byte", "0 B"],
    [1536, "byte", "1.50 KiB"],
    [24 * 2 ** 30, "byte", "24.0 GiB"],
    [1004, "byte/s", "0.980 KiB/s"],
    [1_048_575, "byte/s", "1.00 MiB/s"],
    [5_000_000, "bit/s", "5.00 Mbit/s"],
    [12.345, "percent", "12.3 %"],
    [0, "percent", "0.0 %"],
    [0.04, "percent", "0.04 %"],
    [0.00012, "", "0.00012"],
    [0.00072, "s", "720 µs"],
    [2.1, "ms", "2.10 ms"],
    [90_000, "ms", "1.50 min"],
    [412, "", "412"],
    [0.984, "", "0.984"],
    [999.7, "", "1.00 k"],
    [-1536, "byte", "-1.50 KiB"],
    [48.2, "°C", "48.2 °C"],
    [0, "us/s", "0 µs/s"],
    [529_380, "us/s", "529 ms/s"],
    [7200, "s/s", "7200 s/s"],
    [7_683, "minutes", "5.34 d"],
    [250, "cs", "2.50 s"],
    [0, "seconds", "0 s"],
    [500, "ns", "500 ns"],
    [4096, "KiB/s", "4.00 MiB/s"],
    [2048, "megabyte", "2.00 GiB"],
    [3, "kilobit/s", "3.07 kbit/s"],
  ];
  for (const [value, unit, text] of cases) {
    it(`writes ${value} ${unit} as ${text}`, () => equal(quantity(value, unit), text));
  }

  it("gives the ticks of an axis one multiple and the digits that their distance needs", () => {
    deepEqual(tickTexts([0, 512 * 1024, 1024 * 1024], "byte"), ["0", "0.5 MiB", "1.0 MiB"]);
    deepEqual(tickTexts([0, 2500, 5000, 7500], ""), ["0", "2.5 k", "5 k", "7.5 k"]);
    deepEqual(tickTexts([0, 25, 50], "percent"), ["0", "25 %", "50 %"]);
  });
});
