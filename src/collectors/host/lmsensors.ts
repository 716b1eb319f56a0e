/** Source: https://docs.kernel.org/hwmon/sysfs-interface.html, with the names of libsensors */

import { type Context, defineCollector, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { bool } from "../../core/option.ts";
import { chipName } from "../../formats/hwmon_chips.ts";
import { numberOf } from "../../formats/number_file.ts";
import { parseSensorsConf, rulesOf, type SensorRule } from "../../formats/sensors_conf.ts";
import type { HostFs } from "../../ports/fs.ts";

const CHIPS = "/sys/class/hwmon";
/** What the operator, and the distribution, say of labels and formulas. */
const CONFIGURATIONS = ["/etc/sensors3.conf", "/etc/sensors.conf"];
const FOLDER = "/etc/sensors.d";
/** Files with a sensor's value. */
const VALUE =
  /^(?:(in|fan|temp|curr|power|energy|humidity)(\d+)_(input|average)|cpu\d+_vid|intrusion\d+_alarm|beep_enable)$/;
/** By the kind of a sensor: the unit, and how many of the file's are one of it. */
const UNITS: Readonly<Record<string, { readonly unit: string; readonly factor: number }>> = {
  in: { unit: "V", factor: 1000 },
  temp: { unit: "°C", factor: 1000 },
  curr: { unit: "A", factor: 1000 },
  humidity: { unit: "percent", factor: 1000 },
  power: { unit: "W", factor: 1_000_000 },
  energy: { unit: "J", factor: 1_000_000 },
  fan: { unit: "rpm", factor: 1 },
};
const VOLTAGE = UNITS.in;
const PLAIN = { unit: "", factor: 1 };

const options = {
  send_zero: bool(false, "Publish 0 for a sensor that cannot be read"),
};
const metrics = {
  "{chip}.{sensor}": gauge("The value of a sensor", 2, {
    V: "",
    "°C": "",
    A: "",
    W: "",
    J: "",
    percent: "",
    rpm: "",
  }),
};
type Sensors = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "LMSensorsCollector",
  doc: "Temperatures, fans, voltages and the like of the machine's sensors",
  path: "sensors",
  sources: [`${CHIPS}/hwmon*/*_input`, ...CONFIGURATIONS, FOLDER],
  options,
  metrics,

  collect(context) {
    const { fs } = context.host;
    const chips = fs.list(CHIPS).sort().map((name) => `${CHIPS}/${name}`);
    if (chips.length === 0) throw noData("the kernel knows no sensors: is a driver loaded?");
    const sections = configurations(fs).flatMap((path) =>
      parseSensorsConf(fs.tryRead(path)?.text() ?? "")
    );
    for (const chip of chips) {
      // Old drivers have their files in the device's folder.
      const folder = [chip, `${chip}/device`].find((path) => fs.exists(`${path}/name`));
      const prefix = folder && fs.tryRead(`${folder}/name`)?.rest();
      if (!folder || !prefix) continue;
      const name = chipName(fs, chip, prefix);
      emitChip(context, folder, name, rulesOf(sections, name));
    }
  },
});

/** In libsensors' order. */
function configurations(fs: HostFs): readonly string[] {
  const more = fs.exists(FOLDER) ? fs.list(FOLDER).filter((name) => !name.startsWith(".")) : [];
  return [
    CONFIGURATIONS.find((path) => fs.exists(path)) ?? CONFIGURATIONS[0],
    ...more.sort().map((name) => `${FOLDER}/${name}`),
  ];
}

function emitChip(
  { host: { fs }, options, emit, skipLine }: Sensors,
  folder: string,
  chip: string,
  rules: ReadonlyMap<string, SensorRule>,
): void {
  const files = fs.list(folder).sort();
  for (const file of files) {
    const [, kind, number, what] = VALUE.exec(file) ?? [];
    if (!VALUE.test(file)) continue;
    const sensor = kind === undefined ? file.replace(/_alarm$/, "") : kind + number;
    // What is measured over a time comes before what is measured now.
    if (what === "input" && files.includes(`${sensor}_average`)) continue;
    if (what === "average" && kind !== "power") continue;
    const { label, isIgnored, compute = same } = rules.get(sensor) ?? {};
    if (isIgnored) continue;
    const found = isBroken(sensor) ? undefined : numberOf(fs, `${folder}/${file}`, skipLine);
    const measure = file.endsWith("_vid") ? VOLTAGE : UNITS[kind] ?? PLAIN;
    const value = found === undefined ? undefined : compute(found / measure.factor);
    if (value === undefined && !options.send_zero) continue;
    const title = label ?? (fs.tryRead(`${folder}/${sensor}_label`)?.rest() || sensor);
    emit("{chip}.{sensor}", value ?? 0, chip, title.replaceAll(" ", "-"), { unit: measure.unit });
  }

  /** Nothing is connected to it, or a wire is broken. */
  function isBroken(sensor: string): boolean {
    return fs.tryRead(`${folder}/${sensor}_fault`)?.word() === "1";
  }
}

function same(value: number): number {
  return value;
}
