/** Redis' protocol, RESP 2. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/ */

import { looksLike } from "../formats/peer_looks.ts";
import type { Host } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { Conversation } from "./conversation.ts";

type RedisReply = string | number | null | readonly RedisReply[];

interface Redis extends Disposable {
  /** Throws `bad-data` with the server's words where it refuses. */
  command(...words: readonly string[]): Promise<RedisReply>;
}

interface RedisLogin {
  /** Of an ACL; "": the default user. */
  readonly user: string;
  readonly password: string;
  readonly database: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MAX_ITEMS = 1_000_000;

export async function openRedis(
  host: Host,
  to: Address,
  { user, password, database }: RedisLogin,
  signal: AbortSignal,
): Promise<Redis> {
  const peer = await Conversation.open(host, to, signal);
  const command = async (...words: readonly string[]) => {
    const parts = words.map((word) => `$${encoder.encode(word).length}\r\n${word}\r\n`);
    await peer.send(`*${words.length}\r\n${parts.join("")}`);
    return await readReply(peer);
  };
  try {
    if (password !== "") await command("AUTH", ...(user === "" ? [] : [user]), password);
    if (database > 0) await command("SELECT", String(database));
    return { command, [Symbol.dispose]: () => peer[Symbol.dispose]() };
  } catch (error) {
    peer[Symbol.dispose]();
    throw error;
  }
}

async function readReply(peer: Conversation): Promise<RedisReply> {
  const line = await peer.line();
  const rest = line.slice(1);
  switch (line[0]) {
    case "+":
      return rest;
    case ":":
      if (!/^[+-]?\d+$/.test(rest)) throw peer.failure(looksLike(line));
      return Number(rest);
    case "-":
      throw peer.failure(`says: ${rest}`);
    case "$": {
      if (rest === "-1") return null;
      const bytes = await peer.bytes(countIn(peer, line) + 2);
      return decoder.decode(bytes.subarray(0, -2));
    }
    case "*": {
      if (rest === "-1") return null;
      const items: RedisReply[] = [];
      for (let left = countIn(peer, line); left > 0; left--) items.push(await readReply(peer));
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
