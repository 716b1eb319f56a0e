import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSensorsConf, rulesOf } from "../../src/formats/sensors_conf.ts";

const rulesFor = (text: string, chip = "nct6775-isa-0290") => rulesOf(parseSensorsConf(text), chip);
const computed = (formula: string, value: number) =>
  rulesFor(`chip "*"\ncompute in0 ${formula}\n`).get("in0")?.compute?.(value);

describe("a configuration of libsensors", () => {
  it("gives rules to chips by pattern; the last one wins", () => {
    const text = `label in0 "nobody's"
chip "lm75-i2c-*-49" "nct6775-*" # two
  label in0 Vcore
  label temp1 \\
    "M/B # Temp"
  ignore fan2
chip "nct6775-isa-0290"
  label in0 "CPU Core"
`;
    deepEqual([...rulesFor(text)], [
      ["in0", { label: "CPU Core" }],
      ["temp1", { label: "M/B # Temp" }],
      ["fan2", { isIgnored: true }],
    ]);
    equal(rulesFor(text, "lm75-i2c-3-49").get("in0")?.label, "Vcore");
    equal(rulesFor(text, "lm75-i2c-3-48").size, 0);
  });

  it("computes with brackets, signs, exponents and logarithms", () => {
    equal(computed("@ * 2 + 1, (@ - 1) / 2", 3), 7);
    equal(computed("@*((4/2)+1) - -1", 2), 7);
    equal(computed("^`@ / 2", 1), 0.5);
    equal(computed("(@ - 1) / (3 - 1)", 7), 3);
  });

  it("a formula that is not one, or divides by 0, has no value", () => {
    for (const formula of ["", "@ +", "(@", "@ in1", "@ / 0", "$", "1 2"]) {
      equal(computed(formula, 1), undefined, formula);
    }
  });
});
