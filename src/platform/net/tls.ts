/** What node:tls, node:https and the clients built on them want to know of TLS. */

import { readFileSync } from "node:fs";
import { configError } from "../../core/errors.ts";
import type { TlsSettings } from "../../ports/host.ts";

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
    return readFileSync(path, "utf8");
  } catch (error) {
    throw configError(`Cannot read "${path}"`, error);
  }
}
