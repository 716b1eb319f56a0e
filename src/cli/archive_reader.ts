/** Metrics from the lines of an archive: those that a filter lets pass. */

import type { Metric, Series } from "../core/metric.ts";
import { visible } from "../core/visible.ts";
import { type GraphitePoint, parseGraphiteLine } from "../formats/graphite_line.ts";

export interface ArchiveFilter {
  /** Seconds since the epoch. */
  readonly since: number;
  readonly until: number;
  /** Source of a regular expression; empty for all paths. */
  readonly match: string;
}

const MAX_SERIES = 200_000;
/** Of a line that cannot be read. */
const MAX_QUOTED = 80;

export class ArchiveReader {
  /** Lines so far. */
  lines = 0;
  /** Of these, how many were not Graphite lines. */
  bad = 0;
  readonly #filter: ArchiveFilter;
  readonly #pattern: RegExp | undefined;
  /** Called for the first bad one. */
  readonly #complain: (line: number, text: string) => void;
  readonly #series = new Map<string, Series>();

  /** Throws a SyntaxError where `match` is not a regular expression. */
  constructor(filter: ArchiveFilter, complain: (line: number, text: string) => void) {
    this.#filter = filter;
    this.#pattern = filter.match === "" ? undefined : new RegExp(filter.match);
    this.#complain = complain;
  }

  skip(): void {
    this.lines++;
  }

  /** Undefined for a line that is left out. */
  read(line: string): Metric | undefined {
    this.lines++;
    const point = parseGraphiteLine(line);
    if (point === undefined) {
      if (line.trim() !== "" && ++this.bad === 1) {
        this.#complain(this.lines, visible(line.slice(0, MAX_QUOTED)));
      }
      return undefined;
    }
    const { timestamp, value } = point;
    const { since, until } = this.#filter;
    if (timestamp < since || timestamp >= until) return undefined;
    if (this.#pattern?.test(point.path) === false) return undefined;
    return { series: this.#seriesOf(point), value, timestamp };
  }

  /** The archive has paths only: their parts are not known any more. */
  #seriesOf({ path, precision }: GraphitePoint): Series {
    const key = `${path} ${precision}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= MAX_SERIES) this.#series.clear();
      series = {
        path,
        prefix: "",
        host: null,
        suffix: "",
        collector: "",
        name: path,
        pattern: path,
        labels: {},
        instance: null,
        kind: "gauge",
        precision,
        unit: "",
        help: "",
        ttl: 0,
      };
      this.#series.set(key, series);
    }
    return series;
  }
}
