/** The functions of targets, by name. */

import { CHOOSING } from "./choose.ts";
import { COMBINING } from "./combine.ts";
import type { SeriesFunction } from "./context.ts";
import { TRANSFORMING } from "./transform.ts";
import { WINDOWED } from "./windows.ts";

export const FUNCTIONS: Readonly<Record<string, SeriesFunction>> = {
  ...CHOOSING,
  ...COMBINING,
  ...TRANSFORMING,
  ...WINDOWED,
};

const GROUPS: readonly (readonly [string, Readonly<Record<string, SeriesFunction>>])[] = [
  ["Alias and filter", CHOOSING],
  ["Combine", COMBINING],
  ["Transform", TRANSFORMING],
  ["Calculate", WINDOWED],
];

/** For editors such as Grafana's, in the form of Graphite's `/functions`. */
export function functionList(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    GROUPS.flatMap(([group, functions]) =>
      Object.keys(functions).map((name) => [name, {
        ...{ name, group, module: "graphite.render.functions", function: `${name}(seriesList)` },
        description: "",
        params: [{ name: "seriesList", type: "seriesList", required: true }],
      }])
    ),
  );
}
