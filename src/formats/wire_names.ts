/** Names as one wire can carry them: cleaned once for each series; the first one that had to be is reported. */

import type { Series } from "../core/metric.ts";

/** Each character that `unsafe` matches becomes an underscore. `unsafe` has the flag g. */
export function wireNames(
  unsafe: RegExp,
  report: (message: string) => void = () => {},
): (series: Series) => string {
  const names = new WeakMap<Series, string>();
  let reported = false;
  return (series) => {
    const known = names.get(series);
    if (known !== undefined) return known;
    const name = series.path.replace(unsafe, "_");
    names.set(series, name);
    if (name !== series.path && !reported) {
      reported = true;
      report(`"${series.path}" is sent as "${name}": the others that need it are not logged`);
    }
    return name;
  };
}
