/**
 * A host on which a handler reaches its backend and delivers nothing: it resolves, connects and speaks TLS, and what
 * is written goes nowhere. So every handler can be tried, whatever it speaks.
 */

import { messageOf } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import { shownUrl } from "../../core/secrets.ts";
import { looksLike } from "../../formats/peer_looks.ts";
import type { Broker } from "../../ports/brokers.ts";
import type { Host } from "../../ports/host.ts";
import type { HttpRequest, Listener } from "../../ports/http.ts";
import type { ConfigFiles } from "../../ports/local_files.ts";
import type { Connection, ListenAddress, Net, Target } from "../../ports/net.ts";

export interface Step {
  readonly what: string;
  /** Why it failed; absent: it did not. */
  readonly error?: string;
  /** A running agent has it: nothing can be written beside it. */
  readonly isTaken?: boolean;
}

/** For a peer that speaks first: no receiver of metrics does. */
const LISTEN_MS = 300;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

export interface DrySettings {
  readonly files: ConfigFiles;
  /** An agent of this configuration runs. */
  readonly isRunning: boolean;
  /** Called for each thing that was tried. */
  note(step: Step): void;
}

export function dryHost(real: Host, { files, isRunning, note }: DrySettings): Host {
  const tried = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const started = real.clock.monotonic();
    try {
      const result = await work();
      note({ what: `${what}, ${Math.round(real.clock.monotonic() - started)} ms` });
      return result;
    } catch (error) {
      note({ what, error: messageOf(error) });
      throw error;
    }
  };
  const logIn = (settings: LoginSettings, connect: () => Promise<Broker>) =>
    tried(loginText(settings), async () => muteBroker(await connect()));
  const mayWrite = (path: string) => {
    const error = files.unwritable(path);
    note({ what: `can write ${path}`, error: error && `cannot write ${path}: ${error}` });
  };
  return {
    ...real,
    fs: {
      ...real.fs,
      append(path) {
        mayWrite(path);
        return { append() {}, close() {} };
      },
    },
    net: dryNet(real, tried, isRunning, note),
    mysql: {
      connect: (settings, signal) => {
        const place = settings.socket || `${settings.host}:${settings.port}`;
        return tried(`logs in at ${place} as ${settings.user}`, async () => {
          const connection = await real.mysql.connect(settings, signal);
          return { open: true, insert: () => Promise.resolve(), close: () => connection.close() };
        });
      },
    },
    brokers: {
      mqtt: (settings, signal) => logIn(settings, () => real.brokers.mqtt(settings, signal)),
      amqp: (settings, signal) => logIn(settings, () => real.brokers.amqp(settings, signal)),
      nats: (settings, signal) => logIn(settings, () => real.brokers.nats(settings, signal)),
      kafka: (settings, signal) =>
        logIn(
          { ...settings, target: settings.targets[0] },
          () => real.brokers.kafka(settings, signal),
        ),
    },
    exec: {
      ...real.exec,
      converse([program], listener) {
        const found = real.exec.find(program);
        note({
          what: `can run ${found ?? program}`,
          error: found === undefined ? `cannot find ${program}` : undefined,
        });
        void Promise.resolve().then(() => listener.ended("is not started here"));
        return { send() {}, signal() {}, stop() {} };
      },
    },
    histories: {
      current: () => undefined,
      opened: () => Promise.resolve(),
      open({ path }) {
        mayWrite(path);
        return Promise.reject(new Error("nothing is kept here"));
      },
    },
  };
}

type Tried = <T>(what: string, work: () => Promise<T>) => Promise<T>;

function dryNet(
  { net, clock }: Host,
  tried: Tried,
  isRunning: boolean,
  note: DrySettings["note"],
): Net {
  const byTls = (tls: unknown) => (tls === undefined ? "" : " by TLS");
  return {
    ...net,
    connect: (target, signal) =>
      tried(`connects to ${addressText(target)}${byTls(target.tls)}`, async () => {
        const connection = await net.connect(target, signal);
        await clock.sleep(LISTEN_MS);
        // What has come is taken in with the state.
        const said = connection.state === undefined ? "" : connection.heard();
        if (said === "") return mute(connection);
        connection.destroy();
        throw new Error(`${addressText(target)} ${looksLike(said)}`);
      }),
    datagram: (target, signal) =>
      tried(`can send datagrams to ${addressText(target)}, which nothing confirms`, async () => {
        const socket = await net.datagram(target, signal);
        return { ...socket, send: () => Promise.resolve(), close: () => socket.close() };
      }),
    async request(request, signal) {
      const to = request.socket === undefined ? targetOf(request) : { path: request.socket };
      const place = request.socket ?? shownUrl(request.url);
      await tried(
        `connects to ${place}`,
        async () => (await net.dial(to, signal))[Symbol.dispose](),
      );
      return { status: 204, headers: {}, body: "" };
    },
    dial: (to, signal) =>
      tried(`connects to ${"path" in to ? to.path : addressText(to) + byTls(to.tls)}`, async () => {
        const stream = await net.dial(to, signal);
        return {
          ...stream,
          write: () => Promise.resolve(),
          read: () => Promise.resolve(undefined),
        };
      }),
    listen: (at, answer) => opened(at, () => net.listen(at, answer)),
    serve: (at, take) => opened(at, () => net.serve(at, take)),
  };

  async function opened(
    at: Pick<ListenAddress, "host" | "port">,
    open: () => Promise<Listener>,
  ): Promise<Listener> {
    const place = addressText(at);
    try {
      await (await open()).close();
      note({ what: `can answer at ${place}` });
    } catch (error) {
      if (isRunning) note({ what: `${place} is in use, as the agent runs`, isTaken: true });
      else note({ what: place, error: messageOf(error) });
      throw error;
    }
    return { close: () => Promise.resolve() };
  }
}

interface LoginSettings {
  readonly target: Target;
  readonly user: string;
}

function loginText({ target, user }: LoginSettings): string {
  return `logs in at ${addressText(target)}${user === "" ? "" : ` as ${user}`}`;
}

function muteBroker(broker: Broker): Broker {
  return { isOpen: true, publish: () => Promise.resolve(), close: () => broker.close() };
}

function mute(connection: Connection): Connection {
  return {
    state: "open",
    write() {},
    unacknowledged: () => 0,
    unread: () => 0,
    heard: () => "",
    silence: () => 0,
    close() {
      connection.destroy();
      return Promise.resolve(true);
    },
    destroy: () => connection.destroy(),
  };
}

function targetOf({ url, tls }: HttpRequest): Target {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    host,
    port: Number(port) || (DEFAULT_PORTS[protocol] ?? 80),
    tls: protocol === "https:" ? { verify: true, ...tls } : undefined,
  };
}
