/** One chart: lines with the range of each bucket, or areas on top of each other. */

import uPlot from "uplot";
import { tickTexts } from "../src/view/quantity.ts";
import type { Outage } from "./api.ts";
import { tickSteps, TIME_STEPS, valueRange } from "./axes.ts";
import type { View } from "./feed.ts";
import { shadeOutages } from "./outage_shade.ts";
import { joined, stacked } from "./series_data.ts";
import { colour, isRepeated, seriesColour } from "./theme.ts";
import { timeTicks } from "./times.ts";

interface ChartOptions {
  readonly unit: string;
  readonly stacked: boolean;
  /** Number of its series. */
  readonly count: number;
  readonly top?: number;
  outages(): readonly Outage[];
  now(): number;
  /** The bucket below the cursor; undefined where there is none. */
  onCursor(index: number | undefined): void;
  onSelect(from: number, to: number): void;
  onBack(): void;
}

export interface Chart {
  draw(view: View): void;
  /** Colours or outages are others. */
  redraw(): void;
  resize(width: number, height: number): void;
  /** Moves the cursor by some buckets. */
  step(by: number): void;
  destroy(): void;
}

const AXIS_WIDTH = 58;
const AXIS_HEIGHT = 24;
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const MIN_DRAG = 5;
const HALF_LABEL = 16;
const DASH = [5, 4];

export function createChart(parent: HTMLElement, options: ChartOptions): Chart {
  const { unit, count, top } = options;
  let bounds = { from: 0, to: 1 };
  const chart = new uPlot(
    {
      width: Math.max(1, parent.clientWidth),
      height: Math.max(1, parent.clientHeight),
      legend: { show: false },
      padding: [8, 2, 0, 0],
      cursor: cursorOf(options),
      scales: {
        x: { time: true, range: () => [bounds.from, bounds.to] },
        y: { range: (_, min, max) => valueRange(min, max, unit, top) },
      },
      axes: axesOf(unit),
      series: [{}, ...seriesOf(options)],
      bands: bandsOf(options),
      hooks: {
        drawClear: [(self) => shadeOutages(self, options.outages(), options.now())],
        setCursor: [
          ({ cursor: { idx, left } }) =>
            options.onCursor(left === undefined || left < 0 || idx === null ? undefined : idx),
        ],
        setSelect: [(self) => {
          const { left, width } = self.select;
          if (width < MIN_DRAG) return;
          options.onSelect(self.posToVal(left, "x"), self.posToVal(left + width, "x"));
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
      },
    },
    [[], ...Array.from({ length: options.stacked ? count : 3 * count }, () => [])],
    parent,
  );

  return {
    draw({ data: { times, series }, from, to }) {
      bounds = { from, to };
      const columns = (part: "min" | "mean" | "max") =>
        series.map((column) => joined(times, column[part]));
      const values = options.stacked
        ? stacked(columns("mean"))
        : [...columns("mean"), ...columns("min"), ...columns("max")];
      chart.setData([[...times], ...values] as uPlot.AlignedData);
    },
    redraw: () => chart.redraw(false, true),
    resize: (width, height) => chart.setSize({ width, height }),
    step(by) {
      const times = chart.data[0];
      if (times.length === 0) return;
      const at = Math.min(
        times.length - 1,
        Math.max(0, (chart.cursor.idx ?? times.length - 1) + by),
      );
      chart.setCursor({ left: chart.valToPos(times[at], "x"), top: 0 });
    },
    destroy: () => chart.destroy(),
  };
}

function cursorOf({ stacked: isStacked, count, onBack }: ChartOptions): uPlot.Cursor {
  return {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: MIN_DRAG },
    // All charts show the same moment, but only the one under the pointer selects.
    sync: {
      key: "charts",
      setSeries: false,
      filters: {
        pub: (type) => type === "mousemove" || type === "mouseleave",
      } as uPlot.Cursor.Sync["filters"],
    },
    points: {
      size: (_, index) => (index <= count ? (isStacked ? 5 : 6) : 0),
      width: 0,
      fill: (_, index) => colour(seriesColour(index - 1)),
    },
    bind: {
      dblclick: () => () => {
        onBack();
        return null;
      },
    },
  };
}

function axesOf(unit: string): uPlot.Axis[] {
  const common = {
    stroke: () => colour("--axis"),
    font: FONT,
    ticks: { show: false },
    grid: { stroke: () => colour("--grid"), width: 1 },
  };
  return [
    {
      ...common,
      size: AXIS_HEIGHT,
      gap: 6,
      space: 52,
      incrs: TIME_STEPS,
      grid: { show: false },
      values: (self, ticks, _, __, step) =>
        timeTicks(ticks, step).map((text, at) => isCut(self, ticks[at]) ? "" : text),
    },
    {
      ...common,
      size: AXIS_WIDTH,
      gap: 6,
      space: 30,
      incrs: tickSteps(unit),
      values: (_, ticks) => tickTexts(ticks, unit),
    },
  ];
}

/** Whether a label would reach beyond the chart's end. Asked before the chart has its final size. */
function isCut({ scales: { x }, width }: uPlot, tick: number): boolean {
  const { min = 0, max = 1 } = x;
  return (max! - tick) / (max! - min!) * (width - AXIS_WIDTH) < HALF_LABEL;
}

function seriesOf({ stacked: isStacked, count }: ChartOptions): uPlot.Series[] {
  const points = { show: false };
  const means = Array.from({ length: count }, (_, at): uPlot.Series => ({
    points,
    // An area of nothing has no edge either.
    width: isStacked ? 0 : 1.5,
    dash: isRepeated(at) ? DASH : undefined,
    stroke: () => colour(seriesColour(at)),
    fill: isStacked
      ? () => faint(colour(seriesColour(at)), 0.8)
      : count === 1
      ? () => faint(colour(seriesColour(at)), 0.12)
      : undefined,
  }));
  if (isStacked) return means;
  return [
    ...means,
    ...Array.from({ length: 2 * count }, (): uPlot.Series => ({ points, width: 0 })),
  ];
}

function bandsOf({ stacked: isStacked, count }: ChartOptions): uPlot.Band[] {
  if (isStacked) {
    return Array.from(
      { length: count - 1 },
      (_, at) => ({ series: [at + 2, at + 1] as [number, number] }),
    );
  }
  return Array.from({ length: count }, (_, at): uPlot.Band => ({
    series: [2 * count + at + 1, count + at + 1],
    fill: () => faint(colour(seriesColour(at)), 0.16),
  }));
}

/** `#rrggbb` with an alpha. */
function faint(hex: string, alpha: number): string {
  return hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
}
