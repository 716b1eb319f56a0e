/** The options of TLS, the same wherever it is spoken. */

import type { TlsSettings } from "../ports/tls.ts";
import { bool, text, type Values } from "../core/option.ts";

export const tlsOptions = {
  tls: bool(false, "Encrypt the connection"),
  ca: text("", "File with the authorities to trust, in PEM; empty: the system's"),
  cert: text("", "File with a certificate to show to the server, in PEM"),
  key: text("", "File with the certificate's key, in PEM"),
  server_name: text("", "The name that the server's certificate has, where it is not the host's"),
  tls_verify: bool(true, "Refuse a server whose certificate is not valid for its name"),
};

export const noTls: Values<typeof tlsOptions> = {
  tls: false,
  ca: "",
  cert: "",
  key: "",
  server_name: "",
  tls_verify: true,
};

export function tlsSettings(options: Values<typeof tlsOptions>): TlsSettings {
  const { ca, cert, key, server_name: serverName, tls_verify: verify } = options;
  return { ca, cert, key, serverName, verify };
}

/** For those that ask by https, whose URL says whether they encrypt. */
export const trustOptions = { ca: tlsOptions.ca, tls_verify: tlsOptions.tls_verify };

/** A part of the settings of a request. */
export function trusting({ ca, tls_verify }: Values<typeof trustOptions>): { tls: TlsSettings } {
  return { tls: tlsSettings({ ...noTls, ca, tls_verify }) };
}
