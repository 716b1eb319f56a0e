/** The problems of a status, each with what is known of the collector or handler at fault. */

import type { CollectorStatus, HandlerStatus, Status } from "../agent/status.ts";

export interface Problem {
  /** Its line in `degraded`. */
  readonly title: string;
  /** The collector or handler at fault; undefined where it is the agent. */
  readonly about?: string;
  readonly message?: string;
  readonly advice?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

type Part = Pick<CollectorStatus, "name" | "error" | "absent"> & Pick<HandlerStatus, "spoolError">;

export function problemsOf({ degraded, handlers, collectors }: Status): Problem[] {
  return degraded.map((title) => {
    const part = partOf(title, [...handlers, ...collectors]);
    const error = part?.error ?? part?.spoolError;
    return {
      title,
      about: part?.name,
      message: error?.message ?? part?.absent,
      advice: error?.advice,
      since: error?.first,
    };
  });
}

/** The one whose name the line begins with; an instance's name begins with that of its collector. */
function partOf(title: string, parts: readonly Part[]): Part | undefined {
  return parts.filter(({ name }) =>
    title.startsWith(name) && !/[\w.]/.test(title.charAt(name.length))
  ).sort((a, b) => b.name.length - a.name.length).at(0);
}
