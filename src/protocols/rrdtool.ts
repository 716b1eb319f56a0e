/**
 * rrdtool as a process that is written commands to, and rrdcached, which knows the same files.
 * Source: rrdtool(1), "Remote control"; rrdcached(1), "Protocol"
 */

import { undelivered } from "../core/errors.ts";
import type { DeliveryWatch } from "../core/handler.ts";
import { createOptions, type RrdUpdate } from "../formats/rrd.ts";
import type { RunningDialogue } from "../ports/exec.ts";
import type { Host } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import type { Conversation } from "./conversation.ts";
import { keepConversation } from "./kept_conversation.ts";

/** An error for each update, "" where it was taken. */
type Errors = string[];

export interface RrdWriter {
  update(updates: readonly RrdUpdate[], signal: AbortSignal): Promise<Errors>;
  create(update: RrdUpdate, step: number, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
  /** Of one that may still lose what it has taken. */
  readonly watch?: DeliveryWatch;
}

/** Starts rrdtool with the first command, and again where it has ended. */
export function rrdtool(host: Host, base: string): RrdWriter {
  let running: RunningDialogue | undefined;
  const waiting: PromiseWithResolvers<string>[] = [];

  function end(why: string): void {
    running?.stop();
    running = undefined;
    for (const { reject } of waiting.splice(0)) reject(undelivered(`rrdtool ${why}`));
  }

  /** Answers end with OK or an error; `mkdir` has none where it works. */
  function hear(line: string): void {
    if (line.startsWith("OK ")) waiting.shift()?.resolve("");
    else if (line.startsWith("ERROR: ")) waiting.shift()?.resolve(line.slice("ERROR: ".length));
  }

  function ask(commands: readonly string[], signal: AbortSignal): Promise<Errors> {
    running ??= host.exec.converse([host.exec.find("rrdtool") ?? "rrdtool", "-"], {
      line: hear,
      said: (text) => end(`says: ${text.trim()}`),
      ended: end,
    });
    const answers = commands.map(() => Promise.withResolvers<string>());
    waiting.push(...answers);
    // One that hangs, such as at a dead disk, is killed; the next command starts another.
    const onAbort = () => end("did not answer in time");
    signal.addEventListener("abort", onAbort, { once: true });
    running.send(`${commands.join("\n")}\n`);
    return Promise.all(answers.map(({ promise }) => promise)).finally(() =>
      signal.removeEventListener("abort", onAbort)
    );
  }

  return {
    update: (updates, signal) =>
      ask(
        updates.map(({ path, values }) =>
          `update ${quoted(`${base}/${path}`)} --skip-past-updates ${values}`
        ),
        signal,
      ),
    async create(update, step, signal) {
      const { path } = update;
      const folder = `${base}/${path.slice(0, path.lastIndexOf("/"))}`;
      await host.exec.run(["mkdir", "-p", folder], { signal });
      const options = createOptions(update, step);
      const [error] = await ask(
        [`create ${quoted(`${base}/${path}`)} --no-overwrite ${options}`],
        signal,
      );
      return error;
    },
    close() {
      end("is stopped");
      return Promise.resolve();
    },
  };
}

function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * A path that is not absolute is below rrdcached's own base directory. The last lines of its journal are in its
 * memory: where it is killed, what it took in the last seconds is sent again, which does no harm.
 */
export function rrdcached(host: Host, to: Address, base: string): RrdWriter {
  const { talk, close, broken } = keepConversation(host, to, true);
  let written = 0;
  const shown = (path: string) => `${base}/${path}`.replace(/[ \\]/g, "\\$&");
  return {
    async update(updates, signal) {
      let errors: Errors = [];
      const lines = updates.map(({ path, values }) => `update ${shown(path)} ${values}`);
      await talk(signal, async (peer) => {
        await peer.send(`BATCH\n`);
        await answer(peer);
        await peer.send(`${lines.join("\n")}\n.\n`);
        errors = await batchErrors(peer, updates.length);
      });
      written += updates.length;
      return errors;
    },
    async create(update, step, signal) {
      let error = "";
      await talk(signal, async (peer) => {
        await peer.send(`CREATE ${shown(update.path)} -O ${createOptions(update, step)}\n`);
        const { count, text } = await answer(peer);
        error = count < 0 ? text : "";
      });
      return error;
    },
    close,
    watch: {
      get written() {
        return written;
      },
      read: () => written,
      broken() {
        const error = broken();
        return error && { error, answered: false };
      },
    },
  };
}

/** `-1 what is wrong`, or the number of lines that follow. */
async function answer(peer: Conversation): Promise<{ count: number; text: string }> {
  const line = await peer.line();
  const [, count, text] = /^(-?\d+) (.*)$/.exec(line) ?? [];
  if (count === undefined) throw peer.failure(`does not speak rrdcached's protocol: "${line}"`);
  return { count: Number(count), text };
}

/** A line for each failed command of a batch, after its number. */
async function batchErrors(peer: Conversation, commands: number): Promise<Errors> {
  const errors = Array.from({ length: commands }, () => "");
  const { count } = await answer(peer);
  for (let index = 0; index < count; index++) {
    const { count: number, text } = await answer(peer);
    if (number >= 1 && number <= commands) errors[number - 1] = text;
  }
  return errors;
}
