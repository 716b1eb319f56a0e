/** What to do about an error, for the people who read `status`. */

import type { ErrorState } from "../core/error_reporter.ts";

/** First match counts: from the particular to the general. */
const ABOUT_HANDLERS: readonly (readonly [RegExp, string])[] = [
  [/resolve|has no address/, "check the name in host, and this machine's resolver"],
  [
    /ECONNREFUSED|refused/i,
    "nothing listens there: is the server running, are host and port right?",
  ],
  [
    /EHOSTUNREACH|ENETUNREACH|in time|ETIMEDOUT/,
    "the server cannot be reached: is there a route, does a firewall drop it?",
  ],
  [/does not read|did not take/, "the server is connected but too slow: look at its load and disk"],
  [/ENOSPC|no space/i, "free some room on the disk"],
  [/EACCES|EPERM|permission/i, "give the agent's user the right to write there"],
  [/refuses/, "look at the server's log for why, then at the metric that is named here"],
];

const ABOUT_COLLECTORS: Readonly<Record<string, string>> = {
  timeout: "it takes too long: raise collect_timeout or interval, or see what it waits for",
  "bad-data":
    "the source has a form that is not known here: `diamond-agent describe` names it; please report it",
  config: "correct its section of the configuration; `diamond-agent check` looks at it",
};

export function adviceForHandler({ message }: ErrorState): string {
  const found = ABOUT_HANDLERS.find(([pattern]) => pattern.test(message));
  return found?.[1] ?? "see the log for more; what it gets is kept meanwhile";
}

export function adviceForCollector({ code }: ErrorState): string {
  return ABOUT_COLLECTORS[code ?? ""] ?? "this is a defect of the collector: please report it";
}
