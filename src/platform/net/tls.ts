/** What node:tls, node:https and the clients built on them want to know of TLS. */

import { configError } from "../../core/errors.ts";
import type { TlsSettings } from "../../ports/tls.ts";
import { readRegularText } from "../access/safe_open.ts";
import { net } from "../runtime/node_modules.ts";

/** All the authorities of a system together have a fifth of it. */
const MAX_BYTES = 1024 * 1024;

/** Reads the files; throws `config` where one cannot be read. */
export function secureContext({ ca, cert, key, verify }: TlsSettings) {
  return {
    rejectUnauthorized: verify,
    ...(ca && { ca: pem(ca) }),
    ...(cert && { cert: pem(cert) }),
    ...(key && { key: pem(key) }),
  };
}

function pem(path: string): string {
  try {
    return readRegularText(path, MAX_BYTES);
  } catch (error) {
    throw configError(`cannot read "${path}"`, error);
  }
}

/** An address is not a name that can be asked for: it is looked for in the certificate. */
export function namedPeer(host: string): { readonly host: string; readonly servername?: string } {
  return { host, ...(net().isIP(host) === 0 && { servername: host }) };
}
