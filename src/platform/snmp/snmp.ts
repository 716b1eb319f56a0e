/** SNMP by net-snmp, which is loaded when a collector first asks a device. */

import type { Session, User, Varbind } from "net-snmp";
import { badData, messageOf, timedOut, undelivered } from "../../core/errors.ts";
import type { Snmp, SnmpDevice, SnmpValue } from "../../ports/snmp.ts";

/** Rows in one answer to a walk. */
const MAX_REPETITIONS = 25;
const MAX_ROWS = 100_000;
const PRIVACY: Readonly<Record<string, string>> = { DES: "des", AES: "aes", AES256: "aes256b" };

type Library = typeof import("net-snmp").default;

export const realSnmp: Snmp = {
  async open(device, signal) {
    const { default: library } = await import("net-snmp");
    const session = sessionTo(library, device);
    const where = `${device.host}:${device.port}`;
    // An unreadable answer comes as an event, and the question waits on until its deadline.
    let isForeign = false;
    session.on("error", () => void (isForeign = true));
    let isOpen = true;
    const close = () => {
      // A socket that is closed already would throw.
      if (isOpen) session.close();
      isOpen = false;
    };
    signal.addEventListener("abort", close, { once: true });

    function failureOf(error: Error): Error {
      const isLate = signal.aborted || error.name === "RequestTimedOutError";
      if (isLate && isForeign) return badData(`${where} answers something that is not SNMP`);
      if (signal.aborted) return timedOut(`${where} did not answer in time`);
      if (error.name === "RequestTimedOutError") {
        return timedOut(`${where} does not answer SNMP: are its address and community right?`);
      }
      if (error.name === "RequestFailedError" || error.name === "ResponseInvalidError") {
        return badData(`${where} answers: ${messageOf(error)}`, error);
      }
      return undelivered(`cannot ask ${where}`, error);
    }

    return {
      get: (oids) =>
        new Promise((resolve, reject) =>
          session.get(oids, (error, all) => {
            if (error) reject(failureOf(error));
            else resolve(valuesOf(library, all));
          })
        ),
      walk(oid) {
        const rows = new Map<string, SnmpValue>();
        return new Promise((resolve, reject) =>
          session.subtree(oid, MAX_REPETITIONS, (all) => {
            for (const [found, value] of valuesOf(library, all)) {
              if (found.startsWith(`${oid}.`)) rows.set(found.slice(oid.length + 1), value);
            }
            if (rows.size <= MAX_ROWS) return false;
            reject(badData(`${where} has over ${MAX_ROWS} rows in ${oid}`));
            return true;
          }, (error) => error ? reject(failureOf(error)) : resolve(rows))
        );
      },
      [Symbol.dispose]() {
        signal.removeEventListener("abort", close);
        close();
      },
    };
  },
};

function sessionTo(library: Library, device: SnmpDevice): Session {
  const { host, port, version, community, timeout, retries } = device;
  const options = { port, retries, timeout: timeout * 1000, transport: transportOf(host) };
  if (version !== "3") {
    const number = version === "1" ? library.Version1 : library.Version2c;
    return library.createSession(host, community, { ...options, version: number });
  }
  return library.createV3Session(host, userOf(library, device), options);
}

function userOf(
  { AuthProtocols, PrivProtocols, SecurityLevel }: Library,
  device: SnmpDevice,
): User {
  const { user: name, auth, privacy } = device;
  if (auth.protocol === "") return { name, level: SecurityLevel.noAuthNoPriv };
  const known = {
    name,
    authProtocol: AuthProtocols[auth.protocol.toLowerCase()],
    authKey: auth.key,
  };
  if (privacy.protocol === "") return { ...known, level: SecurityLevel.authNoPriv };
  return {
    ...known,
    level: SecurityLevel.authPriv,
    privProtocol: PrivProtocols[PRIVACY[privacy.protocol]],
    privKey: privacy.key,
  };
}

function transportOf(host: string): string {
  return host.includes(":") ? "udp6" : "udp4";
}

function valuesOf(library: Library, all: readonly Varbind[]): Map<string, SnmpValue> {
  const values = new Map<string, SnmpValue>();
  for (const varbind of all) {
    if (library.isVarbindError(varbind)) continue;
    const value = valueOf(varbind);
    if (value !== undefined) values.set(varbind.oid, value);
  }
  return values;
}

/** The type of a 64-bit counter, whose value comes as its bytes. Source: RFC 2578 */
const COUNTER64 = 0x46;

function valueOf({ type, value }: Varbind): SnmpValue | undefined {
  if (typeof value === "number" || typeof value === "string" || typeof value === "bigint") {
    return value;
  }
  if (!(value instanceof Uint8Array)) return undefined;
  if (type !== COUNTER64) return new TextDecoder().decode(value);
  return value.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}
