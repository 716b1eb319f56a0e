/** The MySQL that a handler writes to. */

import type { TlsSettings } from "./net.ts";

export interface Mysql {
  /** Throws `undelivered` or `timeout`. */
  connect(settings: MysqlSettings, signal: AbortSignal): Promise<MysqlConnection>;
}

export interface MysqlSettings {
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket, instead of host and port. */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls?: TlsSettings;
}

export interface MysqlConnection {
  /** False once it is of no more use. */
  readonly open: boolean;
  /**
   * One statement, all of it or nothing; `?` in it stands for the rows. Throws `refused` where a row
   * is at fault, `undelivered` for the rest.
   */
  insert(
    statement: string,
    rows: readonly (readonly string[])[],
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}
