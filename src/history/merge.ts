/** Many blocks in one: values differ less from their neighbours in long columns, so they take less room. */

import type { Column, DecodedBlock } from "./block.ts";

/** Where two blocks have a value of one time, the later block's holds. */
export function mergeBlocks(blocks: readonly DecodedBlock[]): DecodedBlock {
  const times = Float64Array.from(new Set(blocks.flatMap(({ times }) => [...times]))).sort();
  const places = new Map(Array.from(times, (time, at) => [time, at]));
  const columns = new Map<number, Column>();
  for (const block of blocks) {
    for (const { series, precision, values } of block.columns) {
      let column = columns.get(series);
      if (column === undefined || column.precision < precision) {
        const old = column?.values ?? new Float64Array(times.length).fill(NaN);
        columns.set(series, column = { series, precision, values: old });
      }
      for (let at = 0; at < values.length; at++) {
        if (!Number.isNaN(values[at])) column.values[places.get(block.times[at])!] = values[at];
      }
    }
  }
  return { times, columns: [...columns.values()].sort((a, b) => a.series - b.series) };
}
