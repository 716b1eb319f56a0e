/**
 * A tape: what a collector asked of others and was answered, in the file `asked.json` of a recording. It is
 * made to be read by people: texts are lists of lines, in the order in which they were said.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LdapEntry } from "../../ports/ldap.ts";

export const TAPE = "asked.json";

/** Lines; bytes that are not UTF-8 in base64. */
export type Text = readonly string[] | { readonly base64: string };

/** Why there was no answer: the kind of failure, and its message. */
interface Failed {
  readonly failed?: { readonly code: string; readonly message: string };
}

export interface HttpExchange extends Failed {
  /** `GET http://localhost:8080/nginx_status`, with the socket where there is one. */
  readonly http: string;
  readonly sent?: Text;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer?: Text;
}

export interface Talk extends Failed {
  /** `localhost:11211`, or the path of a unix socket. */
  readonly talk: string;
  readonly steps: readonly Step[];
}
export type Step = { readonly send: Text } | { readonly receive: Text };

export interface SqlExchange extends Failed {
  /** `postgres localhost:5432 postgres`: kind, server, database. */
  readonly sql: string;
  readonly query: string;
  readonly rows?: readonly Readonly<Record<string, string | null>>[];
}

export interface SnmpExchange extends Failed {
  /** `router1:161` */
  readonly snmp: string;
  readonly get?: readonly string[];
  readonly walk?: string;
  /** 64-bit counters end with an n. */
  readonly values?: Readonly<Record<string, number | string>>;
}

export interface MongoExchange extends Failed {
  /** `localhost:27017 admin`: server and database. */
  readonly mongo: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly document?: Readonly<Record<string, unknown>>;
}

export interface LdapExchange extends Failed {
  /** `localhost:389`: the server. */
  readonly ldap: string;
  /** The name below which was searched. */
  readonly base: string;
  readonly entries?: readonly LdapEntry[];
}

export interface InboxExchange extends Failed {
  /** `127.0.0.1:25826`: where datagrams came in. */
  readonly inbox: string;
  readonly received?: readonly Text[];
}

export interface PostsExchange extends Failed {
  /** `127.0.0.1:8086`: where programs post. */
  readonly posts: string;
  readonly received?: readonly Posted[];
}

export interface Posted {
  /** `/write?precision=s`. */
  readonly to: string;
  readonly type: string;
  readonly body: Text;
}

export type Exchange =
  | HttpExchange
  | Talk
  | SqlExchange
  | SnmpExchange
  | MongoExchange
  | LdapExchange
  | InboxExchange
  | PostsExchange;

const decoder = new TextDecoder("utf-8", { fatal: true });

export function textOf(bytes: Uint8Array): Text {
  try {
    return decoder.decode(bytes).split("\n");
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

export function bytesOf(text: Text): Uint8Array {
  return "base64" in text ? Buffer.from(text.base64, "base64") : Buffer.from(text.join("\n"));
}

/** What is on the tape of a folder, which may have none. */
export function readTape(folder: string): readonly Exchange[] {
  const file = join(folder, TAPE);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) as Exchange[] : [];
}
