/** Shades the times in which a handler could not deliver, below the lines of a chart. */

import type uPlot from "uplot";
import type { Outage } from "./api.ts";
import { colour } from "./theme.ts";

const EDGE = 2;
const STRIPE = 7;
/** A short outage is still seen. */
const MIN_WIDTH = 2;

export function shadeOutages(chart: uPlot, outages: readonly Outage[], now: number): void {
  const { ctx, bbox: { left, top, width, height } } = chart;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  for (const { from, to } of outages) {
    const start = Math.max(left, chart.valToPos(from, "x", true));
    const end = Math.min(left + width, chart.valToPos(to ?? now, "x", true));
    if (end < left || start > left + width) continue;
    const wide = Math.max(MIN_WIDTH * scale, end - start);
    ctx.fillStyle = colour("--outage-fill");
    ctx.fillRect(start, top, wide, height);
    stripes(ctx, start, top, wide, height);
    ctx.fillStyle = colour("--outage-edge");
    ctx.fillRect(start, top, wide, EDGE * scale);
  }
  ctx.restore();
}

/** So that shading is also seen without its colour. */
function stripes(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  const distance = STRIPE * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.strokeStyle = colour("--outage-stripe");
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  // Stripes of neighbouring outages lie in one pattern.
  for (let at = x - height - (x - height) % distance; at < x + width; at += distance) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
  ctx.restore();
}
