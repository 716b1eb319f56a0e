/** What the status says in a few words: health, cost, problems with their advice. */

import { quantity } from "../src/view/quantity.ts";
import type { CollectorStatus, HandlerStatus, Status } from "./api.ts";

interface Health {
  readonly name: string;
  readonly version: string;
  readonly isHealthy: boolean;
  readonly words: string;
  /** What the agent takes of the host. */
  readonly cost: readonly string[];
}

export interface Problem {
  /** The collector or handler; undefined for the agent's own. */
  readonly about?: string;
  readonly title: string;
  readonly message?: string;
  readonly advice?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

export function healthOf(status: Status): Health {
  const { host, version, cpu, rss, degraded } = status as Status & {
    readonly host?: string;
    readonly version?: string;
    readonly cpu?: number;
  };
  return {
    name: host ?? location.hostname,
    version: version ?? "",
    isHealthy: degraded.length === 0,
    words: degraded.length === 0 ? "Everything that is enabled works" : degraded.join("; "),
    cost: [
      ...(cpu === undefined ? [] : [`${quantity(cpu, "percent")} of one CPU`]),
      `${quantity(rss, "byte")} memory`,
    ],
  };
}

/** One for each line of `degraded`, with the error that stands behind it. */
export function problemsOf({ degraded, handlers, collectors }: Status): Problem[] {
  return degraded.map((title) => {
    const owner = ownerOf(title, [...handlers, ...collectors]);
    const error = owner?.error ?? (owner as HandlerStatus | undefined)?.spoolError;
    return {
      title,
      about: owner?.name,
      message: error?.message ?? (owner as CollectorStatus | undefined)?.absent,
      advice: error?.advice,
      since: error?.first,
    };
  });
}

/** The one whose name the line begins with. */
function ownerOf<T extends { readonly name: string }>(
  title: string,
  all: readonly T[],
): T | undefined {
  return all.find(({ name }) => title.startsWith(name) && !/[\w.]/.test(title.charAt(name.length)));
}
