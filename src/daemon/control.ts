/** What the agent's own commands can ask of it, and the socket at which they do. */

import type { Agent } from "../agent/agent_contract.ts";
import { configError, messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { jsonLine } from "../formats/metric_json.ts";
import type { ControlRequest, Identity, TapAnswer } from "../ports/process.ts";
import type { DaemonControl } from "./contract.ts";

/** What the agent's own commands reach; the reload is put in once there is something to reload. */
export interface ControlHandlers {
  answer(request: ControlRequest): unknown;
  /** Opens the socket that could not be opened; returns whether it is to be tried again. */
  listenAgain?(): Promise<boolean>;
  /** Tells the life of a metric, a collector or a handler. */
  explain(path: string): Promise<unknown>;
  /** Why the page cannot be served. */
  pageProblem?: string;
  /** What has changed. Throws why nothing was taken over. */
  reload(): Promise<string[]>;
}

/** `agent`: undefined for as long as it starts. */
export function createControl(agent: () => Agent | undefined): ControlHandlers {
  const control: ControlHandlers = {
    explain: () => Promise.reject(new Error(STARTING)),
    reload: () => Promise.reject(new Error(STARTING)),
    answer(request) {
      const running = agent();
      if (running === undefined) throw new Error(STARTING);
      if (request.ask === "reload") return control.reload();
      if (request.ask === "explain") return control.explain(String(request.path ?? ""));
      if (!Object.hasOwn(ANSWERS, request.ask)) {
        throw configError(`this agent cannot be asked "${request.ask}": it may be older`);
      }
      return ANSWERS[request.ask](running, request);
    },
  };
  return control;
}

const STARTING = "the agent is still starting";

type Answer = (agent: Agent, request: ControlRequest) => unknown;

const ANSWERS: Readonly<Record<Exclude<ControlRequest["ask"], "reload" | "explain">, Answer>> = {
  status: (agent) => agent.status(),
  hurry: (agent, request) => knownHandler(agent, request, (handler) => agent.flushSpool(handler)),
  drop: (agent, request) => knownHandler(agent, request, (handler) => agent.dropSpool(handler)),
  series: (agent, { match, paths, limit, at }) => agent.series({ match, paths, limit, at }),
  read: (agent, { paths = [], from = NaN, to = NaN, points = NaN }) =>
    agent.range({ paths, from, to, points }),
  tap,
};

/** `act` returns undefined or false where there is no such handler. */
function knownHandler(
  agent: Agent,
  { handler = "" }: ControlRequest,
  act: (handler: string) => number | boolean | undefined,
): number | boolean {
  const done = act(handler);
  if (done === undefined || done === false) throw unknownHandler(agent, handler);
  return done;
}

function unknownHandler(agent: Agent, handler: string): Error {
  const known = agent.state().workers.map(({ name }) => name).join(", ");
  return configError(`the agent has no handler "${handler}", only ${known}`);
}

async function tap(agent: Agent, request: ControlRequest): Promise<TapAnswer> {
  const { handler, match, tap, end, json } = request;
  if (tap !== undefined && end === true) {
    agent.taps.end(tap);
    return { tap, lines: [], lost: 0 };
  }
  if (handler !== undefined && !agent.state().workers.some(({ name }) => name === handler)) {
    throw unknownHandler(agent, handler);
  }
  const { metrics, lost, tap: id } = await agent.taps.ask({ tap, match, handler });
  return { tap: id, lines: metrics.map(json === true ? jsonLine : graphiteLine), lost };
}

/** An agent goes on where it cannot listen, as delivery does not need it. */
export async function listen(
  daemon: DaemonControl,
  path: string | undefined,
  owner: Identity,
  log: Log,
  control: ControlHandlers,
): Promise<() => void> {
  let close = () => {};
  if (path === undefined) return close;
  const open = async () => void (close = await daemon.serve(path, owner, control.answer));
  try {
    await open();
  } catch (error) {
    log.info(
      `status will not find this agent until it can listen at "${path}": ${messageOf(error)}`,
    );
    control.listenAgain = () => open().then(() => false, () => true);
  }
  return () => close();
}
