/** The lines above the charts: whose agent it is, what it costs, what is wrong and since when. */

import { quantity } from "../quantity.ts";
import { lengthText } from "../lengths.ts";
import { problemsOf } from "../problems.ts";
import type { TopModel } from "./model.ts";
import type { TopState } from "./state.ts";
import {
  clean,
  cut,
  fitted,
  type Glyphs,
  type Line,
  lineWidth,
  piece,
  spread,
  widthOf,
} from "./text.ts";
import { clockText, dateText, sinceText } from "./times.ts";

export function titleLine(model: TopModel, state: TopState, width: number, glyphs: Glyphs): Line {
  const { status, cpuPercent } = model;
  const { host, version = "", started, now, rss, maxMemory } = status;
  const cpu = Number.isNaN(cpuPercent) ? "-" : quantity(cpuPercent, "percent");
  const facts = [
    `diamond-agent ${version}`.trim(),
    `up ${lengthText((now - started) / 1000)}`,
    `CPU ${cpu}`,
    `memory ${quantity(rss, "byte")}`,
    ...(Number.isFinite(maxMemory) ? [`of ${quantity(maxMemory, "byte")}`] : []),
  ].map((fact) => clean(fact, glyphs));
  const right = timePieces(model, state);
  const name = piece(` ${cut(clean(host, glyphs), Math.floor(width / 3), glyphs)} `, "bold");
  // What has no room is left out, not cut.
  let text = "";
  for (const fact of facts) {
    const longer = `${text}${fact.startsWith("of") ? " " : "  "}${fact}`.trimStart();
    if (widthOf(longer) > width - lineWidth([name, ...right]) - 1) break;
    text = longer;
  }
  return spread([name, piece(` ${text}`)], right, width, glyphs);
}

function timePieces({ end, now }: TopModel, { at, isPaused }: TopState): Line {
  if (at !== undefined) {
    return [piece(`  ${dateText(end)}`, "yellow"), piece(`, ${lengthText(now - end)} ago `)];
  }
  if (isPaused) return [piece("  paused ", "yellow"), piece(`${clockText(end)} `)];
  return [piece(`  ${clockText(end)} `)];
}

interface Place {
  readonly width: number;
  /** Lines at most. */
  readonly height: number;
}

/** `Healthy`, or a problem a line. They are those of now, whatever is shown. */
export function problemLines(
  model: TopModel,
  { at }: TopState,
  { width, height }: Place,
  glyphs: Glyphs,
): Line[] {
  const { status, now, trouble } = model;
  const when = at === undefined ? "" : "now: ";
  const ill = (text: string, since = ""): Line => [
    piece(` ${glyphs.ill} `, "red"),
    piece(when, "dim"),
    piece(clean(text, glyphs), "red"),
    piece(since, "dim"),
  ];
  const lines = trouble === undefined ? [] : [ill(trouble)];
  const problems = problemsOf(status);
  if (problems.length === 0 && trouble === undefined) {
    lines.push([piece(` ${glyphs.well} `, "green"), piece(when, "dim"), piece("Healthy", "green")]);
  }
  for (const { title, since: ms } of problems) {
    const since = ms === undefined ? NaN : ms / 1000;
    const long = `${sinceText(since, now)} (${lengthText(now - since)})`;
    lines.push(ill(title, Number.isNaN(since) ? "" : ` since ${long}`));
  }
  const more = lines.length - height;
  return lines.slice(0, height).map((line, row) => {
    const isCut = more > 0 && row === height - 1;
    return spread(line, isCut ? [piece(`  ${more} more `, "red")] : [], width, glyphs);
  });
}

/** A rule with a text at each end. */
export function ruleLine(left: Line, right: Line, width: number, glyphs: Glyphs): Line {
  const dashes = width - lineWidth(left) - lineWidth(right) - 2;
  const { rule } = glyphs;
  return fitted(
    [
      piece(rule, "dim"),
      ...left,
      piece(rule.repeat(Math.max(0, dashes)), "dim"),
      ...right,
      piece(rule, "dim"),
    ],
    width,
    glyphs,
  );
}
