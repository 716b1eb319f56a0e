/** What keeps a configuration from doing anything at all. */

import { SELF_NAME } from "../core/collector.ts";
import { fatal, type Problem } from "./problems.ts";
import type { ServerValues } from "./server_options.ts";
import type { ResolveRequest, Settings } from "./settings.ts";
import type { Origins } from "./tree.ts";

interface Found extends Pick<Settings, "collectors" | "handlers"> {
  readonly server: ServerValues;
  /** Of the options in `[server]`. */
  readonly origins: Origins;
}

/** An error where no collector is left, and one where no handler is. */
export function emptyProblems(
  { path }: ResolveRequest,
  { collectors, handlers, server, origins }: Found,
): Problem[] {
  const problems: Problem[] = [];
  const at = origins.get("handlers") ?? { file: path, line: 0 };
  if (server.handlers.join("").trim() === "") {
    problems.push(fatal(at, "[server] names no handlers: metrics would go nowhere"));
  } else if (handlers.length === 0) {
    problems.push(fatal(at, "none of the handlers can be used: metrics would go nowhere"));
  }
  if (collectors.every(({ section }) => section === SELF_NAME)) {
    const message = "no collector is enabled that can be used: there would be nothing to send";
    problems.push(fatal({ file: path, line: 0 }, message));
  }
  return problems;
}
