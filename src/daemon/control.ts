/** What the agent's own commands can ask of it, and the socket at which they do. */

import type { Agent } from "../agent/agent_contract.ts";
import { configError, messageOf } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import type { ControlRequest, Identity } from "../ports/process.ts";
import type { DaemonControl } from "./contract.ts";

/** What the agent's own commands reach; the reload is put in once there is something to reload. */
export interface ControlHandlers {
  answer(request: ControlRequest): unknown;
  /** Opens the socket that could not be opened; returns whether it is to be tried again. */
  listenAgain?(): Promise<boolean>;
  /** What has changed. Throws why nothing was taken over. */
  reload(): Promise<string[]>;
}

/** `agent`: undefined for as long as it starts. */
export function createControl(agent: () => Agent | undefined): ControlHandlers {
  const control: ControlHandlers = {
    reload: () => Promise.reject(new Error(STARTING)),
    answer(request) {
      const running = agent();
      if (running === undefined) throw new Error(STARTING);
      return request.ask === "reload" ? control.reload() : handleControl(running, request);
    },
  };
  return control;
}

const STARTING = "the agent is still starting";

function handleControl(agent: Agent, { ask, handler = "" }: ControlRequest): unknown {
  const known = () => agent.state().workers.map(({ name }) => name).join(", ");
  if (ask === "status") return agent.status();
  const done = ask === "hurry" ? agent.flushSpool(handler) : agent.dropSpool(handler);
  if (done === undefined || done === false) {
    throw configError(`the agent has no handler "${handler}", only ${known()}`);
  }
  return done;
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
