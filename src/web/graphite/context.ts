/** What the functions of a target are given. */

import { configError } from "../../core/errors.ts";
import type { RenderSeries } from "./series.ts";
import type { Call, Constant, Expression } from "./target.ts";

export interface RenderContext {
  /** Seconds since the epoch. */
  readonly from: number;
  readonly until: number;
  readonly now: number;
  /** The series that match a pattern, with their values in a range of time. */
  fetch(pattern: string, from: number, until: number): readonly RenderSeries[];
  evaluate(expression: Expression, context: RenderContext): Argument;
}

type Argument = readonly RenderSeries[] | Constant;

export type SeriesFunction = (args: Arguments, context: RenderContext) => readonly RenderSeries[];

/** The arguments of a call, each of the type that is asked for. All throw `config`. */
export class Arguments {
  readonly #call: Call;
  readonly #context: RenderContext;
  readonly #values: readonly Argument[];

  constructor(call: Call, context: RenderContext) {
    this.#call = call;
    this.#context = context;
    this.#values = call.args.map((arg) => context.evaluate(arg, context));
  }

  series(at = 0): readonly RenderSeries[] {
    const value = this.#values[at];
    if (isSeries(value)) return value;
    throw this.#refuse(at, "series");
  }

  /** All series of all arguments. */
  allSeries(): readonly RenderSeries[] {
    return this.#values.flatMap((_, at) => this.series(at));
  }

  /** The first argument's series in another range of time. */
  seriesIn(from: number, until: number): readonly RenderSeries[] {
    const context = { ...this.#context, from, until };
    const value = context.evaluate(this.#call.args[0], context);
    if (isSeries(value)) return value;
    throw this.#refuse(0, "series");
  }

  /** `fallback`: where it is left out; null: it may be left out. */
  number(at: number, name: string, fallback?: number): number {
    const value = this.value(at, name);
    if (typeof value === "number") return value;
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    throw this.#refuse(at, "a number");
  }

  optionalNumber(at: number, name: string): number | undefined {
    const value = this.value(at, name);
    return value === undefined || value === null ? undefined : this.number(at, name);
  }

  text(at: number, name: string, fallback?: string): string {
    const value = this.value(at, name);
    if (typeof value === "string") return value;
    if (value === undefined && fallback !== undefined) return fallback;
    throw this.#refuse(at, "a text");
  }

  flag(at: number, name: string): boolean {
    return this.value(at, name) === true;
  }

  /** Undefined where it is left out. */
  value(at: number, name: string): Argument | undefined {
    const named = this.#call.named[name];
    if (named !== undefined) return this.#context.evaluate(named, this.#context);
    return this.#values[at];
  }

  /** The numbers from a place on. */
  numbersFrom(at: number): readonly number[] {
    return this.#values.slice(at).map((_, index) => this.number(at + index, ""));
  }

  #refuse(at: number, what: string): Error {
    return configError(`${this.#call.name}(…): argument ${at + 1} has to be ${what}`);
  }
}

export function isSeries(value: Argument | undefined): value is readonly RenderSeries[] {
  return Array.isArray(value);
}
