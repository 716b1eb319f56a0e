/** Databases that collectors ask. */

import type { TlsSettings } from "./tls.ts";

export type SqlKind = "postgres" | "mysql";

export interface Sql {
  /** Throws `undelivered` or `timeout`. */
  connect(kind: SqlKind, settings: SqlSettings, signal: AbortSignal): Promise<SqlConnection>;
}

export interface SqlSettings {
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket, instead of host and port; "": none. */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls?: TlsSettings;
  /** A statement that shows that one is logged in; absent: SELECT 1. */
  readonly firstQuery?: string;
}

/** A row with each cell as text, for all column types; null if the cell has no value. */
export type SqlRow = Readonly<Record<string, string | null>>;

export interface SqlConnection extends AsyncDisposable {
  /** Throws `bad-data` where the server refuses the statement, otherwise as `connect`. */
  query(statement: string): Promise<readonly SqlRow[]>;
}
