/** The daemon's life, in the order in which Diamond starts. */

import type { Agent } from "../agent/agent_contract.ts";
import { NO_STATE, ownCollectors } from "../agent/self_metrics.ts";
import { pageSettings } from "../config/page.ts";
import { formatProblem } from "../config/problems.ts";
import { resolveSettings } from "../config/resolve.ts";
import type { PluginSource, ResolveRequest, Settings } from "../config/settings.ts";
import type { LogPlan } from "../ports/log_plan.ts";
import { acquire, stateFolder } from "./claim.ts";
import { type Configuration, errorsIn, firstConfiguration } from "./configuration.ts";
import type { DaemonOptions, DaemonPorts } from "./contract.ts";
import { createControl } from "./control.ts";
import { createExplain } from "./explain.ts";
import { backgroundPlan, logPlaces, withAllLevels, withoutTerminal } from "./log_place.ts";
import { superviseAgent } from "./supervise.ts";

/** Runs an agent until a signal ends it. Throws `config` where it cannot start. */
export async function serve(ports: DaemonPorts, options: DaemonOptions): Promise<void> {
  const { daemon } = ports;
  let agent: Agent | undefined;
  const loader = ports.custom(options.roots());
  const own = ownCollectors(() => agent?.state() ?? NO_STATE, loader.figures);
  const { keepsUser, user, group } = options;
  const custom = { loader, user: keepsUser ? "" : user, group: keepsUser ? "" : group };
  const configuration = await readConfiguration(ports, options.path, own, custom);
  const { settings } = configuration;
  // The operator is still there to read why the page that he asked for cannot be served.
  if (options.page !== undefined) pageSettings(settings.server, options.page);
  daemon.tune(settings.server.memory);
  const plan = logPlan(ports, options, settings);
  const log = ports.openLog(plan, options.logsToStdout);
  loader.logTo(log);
  const tell = (lines: readonly string[]) => tellTerminal(ports, options, plan, lines);
  tell(errorsIn(settings).map(formatProblem));
  try {
    const control = createControl(() => agent);
    const release = await acquire(daemon, options, settings, log, control);
    try {
      const roots = options.roots(settings.server);
      const host = ports.host(roots);
      const places = logPlaces(plan, options.logsToStdout);
      agent = ports.agent({
        host,
        view: JSON.stringify(roots),
        log,
        version: ports.buildInfo.version,
        ...storesOf(ports, options, settings),
        configuration: () => configuration.status(),
        logPlaces: places,
        logProblem: () => log.problem?.(),
        pageProblem: () => control.pageProblem,
        audit: options.debug,
      });
      control.explain = createExplain({ ports, agent, host, configuration });
      const { version } = ports.buildInfo;
      await superviseAgent({
        ...{ daemon, version, agent, host, log, places, configuration, tell, release, control },
        files: ports.files,
        page: options.page,
      });
    } finally {
      release();
    }
  } finally {
    await loader.close();
    log.close();
  }
}

function readConfiguration(
  { files, catalogue }: DaemonPorts,
  path: string,
  own: ResolveRequest["own"],
  custom: PluginSource,
): Promise<Configuration> {
  return firstConfiguration({
    path,
    files,
    now: Date.now,
    resolve: ({ plugins, patience, ...how }) =>
      resolveSettings({
        path,
        files,
        catalogue,
        own,
        custom: plugins ? { ...custom, patience } : undefined,
        ...how,
      }),
  });
}

/** The configuration's plan, as the options and the background change it. */
function logPlan({ daemon }: DaemonPorts, options: DaemonOptions, settings: Settings): LogPlan {
  const plan = options.debug ? withAllLevels(settings.log) : settings.log;
  if (options.logsToStdout) return withoutTerminal(plan);
  return daemon.isChild ? backgroundPlan(plan, stateFolder(daemon, options, settings)) : plan;
}

/** What is kept on disk. */
function storesOf(ports: DaemonPorts, { places }: DaemonOptions, settings: Settings) {
  const spool = places.spool(settings);
  const state = places.state(settings);
  const { server } = settings;
  return {
    spools: spool === undefined ? undefined : ports.spools({
      path: spool,
      maxBytes: server.spool_max_bytes,
      maxAge: server.spool_max_age,
      sync: server.spool_sync,
    }),
    state: state === undefined ? undefined : ports.state(`${state}/state.json`),
  };
}

/** What is wrong goes to the terminal, also where the agent runs in the background: what is valid runs. */
function tellTerminal(
  { daemon }: DaemonPorts,
  { isAttached, logsToStdout }: DaemonOptions,
  plan: LogPlan,
  lines: readonly string[],
): void {
  const isLoggedThere = logsToStdout || plan.outputs.some(({ to }) => to.kind === "stream");
  if (isAttached && isLoggedThere) return;
  for (const line of lines) daemon.complain(line);
}
