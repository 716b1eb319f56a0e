/** Directories, which collectors search. */

import type { TlsSettings } from "./tls.ts";

export interface Ldap {
  /** Connects, encrypts where `tls` is set (StartTLS), and logs in. Throws `undelivered`, `bad-data` or `timeout`. */
  connect(settings: LdapSettings, signal: AbortSignal): Promise<LdapConnection>;
}

export interface LdapSettings {
  readonly host: string;
  readonly port: number;
  /** The name to log in as. */
  readonly user: string;
  readonly password: string;
  readonly tls?: TlsSettings;
}

export interface LdapConnection extends AsyncDisposable {
  /**
   * All entries at and below a name, by their names in lower case, with these attributes. Throws `bad-data` where
   * the server refuses, otherwise as `connect`.
   */
  search(base: string, attributes: readonly string[]): Promise<readonly LdapEntry[]>;
}

export interface LdapEntry {
  readonly name: string;
  /** Attributes that the entry has, each with its first value. */
  readonly values: Readonly<Record<string, string>>;
}
