/** How a connection is encrypted. */

/** Files are named by their paths, and read at each connect: certificates are renewed. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server's certificate is to have, where it is not the host's. */
  readonly serverName?: string;
  readonly verify: boolean;
}
