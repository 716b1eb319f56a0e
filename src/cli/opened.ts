/** Handlers whose options are right one by one and wrong together: only their own `open` knows. */

import { backendsOf } from "../agent/parts.ts";
import { fault, located, type Problem } from "../config/problems.ts";
import type { HandlerSettings, LeftOut, Settings } from "../config/settings.ts";
import { messageOf } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";
import { silentLog } from "../ports/log.ts";
import { dryHost } from "./connect/dry_host.ts";
import type { World } from "./world.ts";

/** The settings without handlers that cannot be opened; these are among the problems. Nothing is connected to. */
export async function opened(world: World, settings: Settings): Promise<Settings> {
  const { files } = world;
  const host = dryHost(world.host(settings.server), { files, isRunning: true, note() {} });
  const handlers: HandlerSettings[] = [];
  const leftOut: LeftOut[] = [...settings.leftOut];
  const problems: Problem[] = [...settings.problems];
  for (const part of settings.handlers) {
    const { section } = part;
    const reason = part.handler.custom === undefined ? await whyNot(part, host) : undefined;
    if (reason === undefined) {
      handlers.push(part);
      continue;
    }
    const origin = settings.sections.get(section) ?? { file: settings.file, line: 0 };
    problems.push(fault(origin, `${reason} in [[${section}]]`));
    leftOut.push({ kind: "handler", section, reason: located(origin, reason) });
  }
  return { ...settings, handlers, leftOut, problems };
}

async function whyNot(part: HandlerSettings, host: Host): Promise<string | undefined> {
  try {
    for (const { handler, options } of backendsOf(part)) {
      await handler.open({ host, options, log: silentLog })[Symbol.asyncDispose]();
    }
  } catch (error) {
    return messageOf(error);
  }
}
