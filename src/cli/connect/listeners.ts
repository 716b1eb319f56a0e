/** Tries whether listeners can have their ports: each is opened and closed again, unless the running agent has it. */

import { singleRunner } from "../../agent/parts.ts";
import type { CollectorConfig } from "../../agent/agent_contract.ts";
import type { Settings } from "../../config/settings.ts";
import { messageOf } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import type { Host } from "../../ports/host.ts";
import { silentLog } from "../../ports/log.ts";
import type { Net } from "../../ports/net.ts";
import type { Tried } from "./connections.ts";

type Place = { readonly host: string; readonly port: number } | { readonly path: string };
type Note = (tried: Omit<Tried, "name">) => void;

/** `ours`: collectors of the running agent that listen, by section. */
export async function tryListeners(
  settings: Settings,
  host: Host,
  ours: ReadonlySet<string>,
): Promise<Tried[]> {
  const listeners = settings.collectors.filter(({ collector }) =>
    Object.hasOwn(collector.options, "listener_port")
  );
  const all = await Promise.all(
    listeners.map((part) => listen(part, host, ours.has(part.section))),
  );
  return all.flat();
}

/** One run of the collector, which opens all that it listens to. */
async function listen(part: CollectorConfig, host: Host, isOurs: boolean): Promise<Tried[]> {
  const found: Tried[] = [];
  const note: Note = (tried) => found.push({ name: part.section, ...tried });
  const net = tryingNet(host.net, isOurs, note);
  const runner = await singleRunner(part, { ...host, net }, silentLog);
  const { error } = await runner.run(Math.floor(host.clock.now() / 1000));
  if (found.length === 0) note({ ok: error === undefined, what: messageOf(error ?? "listens") });
  await runner.dispose();
  return found;
}

/** What was opened is closed at once, and nothing comes of it. */
function tryingNet(net: Net, isOurs: boolean, note: Note): Net {
  const tried = async (what: string, at: Place, open: () => Promise<void>): Promise<void> => {
    const place = "path" in at ? at.path : addressText(at);
    try {
      await open();
      note({ ok: true, what: `can listen at ${place} (${what})` });
    } catch (error) {
      const why = messageOf(error);
      const isTaken = /already in use|another program listens/.test(why);
      if (isOurs && isTaken) {
        return note({ ok: true, what: `the running agent listens at ${place} (${what})` });
      }
      const todo = isTaken
        ? `end the program that has it ("ss -lntuxp" names it), or name another place`
        : "look at the options of the collector";
      note({ ok: false, what: `${why} (${what})`, todo });
    }
  };
  return {
    ...net,
    async serve(at, take) {
      await tried("TCP", at, async () => await (await net.serve(at, take)).close());
      return { close: () => Promise.resolve() };
    },
    async inbox(at, receive) {
      const what = "path" in at ? "unix" : "UDP";
      await tried(what, at, async () => (await net.inbox(at, receive))[Symbol.dispose]());
      return { take: () => ({ datagrams: [], dropped: 0 }), [Symbol.dispose]() {} };
    },
    async httpInbox(at, receiver) {
      await tried("HTTP", at, async () => (await net.httpInbox(at, receiver))[Symbol.dispose]());
      return { take() {}, [Symbol.dispose]() {} };
    },
  };
}
