/** Redis' protocol, RESP 2. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/ */

import type { Failure } from "../core/errors.ts";
import { looksLike } from "../formats/peer_looks.ts";
import type { Host } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { Conversation } from "./conversation.ts";

type RedisReply = string | number | null | readonly RedisReply[];

export interface Redis extends Disposable {
  /** Throws `bad-data` with the server's words where it refuses. */
  command(...words: readonly string[]): Promise<RedisReply>;
  /** Sends all before the first reply is read. What the server refuses has a failure in the place of its reply. */
  commands(all: readonly (readonly string[])[]): Promise<readonly (RedisReply | Failure)[]>;
}

export interface RedisLogin {
  /** Of an ACL; "": the default user. */
  readonly user: string;
  readonly password: string;
  readonly database: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MAX_ITEMS = 1_000_000;
/** Lists in lists. */
const MAX_DEPTH = 32;

export async function openRedis(
  host: Host,
  to: Address,
  { user, password, database }: RedisLogin,
  signal: AbortSignal,
): Promise<Redis> {
  const peer = await Conversation.open(host, to, signal);
  const command = async (...words: readonly string[]) => {
    await peer.send(commandText(words));
    return await readReply(peer);
  };
  const commands: Redis["commands"] = async (all) => {
    await peer.send(all.map(commandText).join(""));
    const replies: (RedisReply | Failure)[] = [];
    for (let at = 0; at < all.length; at++) replies.push(await replyOrRefusal(peer));
    return replies;
  };
  try {
    if (password !== "") await command("AUTH", ...(user === "" ? [] : [user]), password);
    if (database > 0) await command("SELECT", String(database));
    return { command, commands, [Symbol.dispose]: () => peer[Symbol.dispose]() };
  } catch (error) {
    peer[Symbol.dispose]();
    throw error;
  }
}

function commandText(words: readonly string[]): string {
  const parts = words.map((word) => `$${byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join("")}`;
}

function byteLength(word: string): number {
  // deno-lint-ignore no-control-regex
  return /^[\x00-\x7f]*$/.test(word) ? word.length : encoder.encode(word).length;
}

async function replyOrRefusal(peer: Conversation): Promise<RedisReply | Failure> {
  const line = await peer.line();
  return line[0] === "-" ? refusalIn(peer, line) : await replyFrom(peer, line);
}

function refusalIn(peer: Conversation, line: string): Failure {
  return peer.failure(`says: ${line.slice(1)}`);
}

async function readReply(peer: Conversation, depth = 0): Promise<RedisReply> {
  return await replyFrom(peer, await peer.line(), depth);
}

async function replyFrom(peer: Conversation, line: string, depth = 0): Promise<RedisReply> {
  const rest = line.slice(1);
  switch (line[0]) {
    case "+":
      return rest;
    case ":":
      if (!/^[+-]?\d+$/.test(rest)) throw peer.failure(looksLike(line));
      return Number(rest);
    case "-":
      throw refusalIn(peer, line);
    case "$": {
      if (rest === "-1") return null;
      const bytes = await peer.bytes(countIn(peer, line) + 2);
      return decoder.decode(bytes.subarray(0, -2));
    }
    case "*": {
      if (rest === "-1") return null;
      if (depth === MAX_DEPTH) throw peer.failure(`answers with lists more than ${MAX_DEPTH} deep`);
      const items: RedisReply[] = [];
      for (let left = countIn(peer, line); left > 0; left--) {
        items.push(await readReply(peer, depth + 1));
      }
      return items;
    }
  }
  throw peer.failure(looksLike(line));
}

function countIn(peer: Conversation, line: string): number {
  const count = Number(line.slice(1));
  if (!Number.isInteger(count) || count < 0 || count > 16 * MAX_ITEMS) {
    throw peer.failure(looksLike(line));
  }
  return count;
}
