/** Devices that speak SNMP, versions 1, 2c and 3. */

export interface Snmp {
  /** Throws `config` for settings that make no sense. Nothing is sent yet. */
  open(device: SnmpDevice, signal: AbortSignal): Promise<SnmpSession>;
}

export interface SnmpDevice {
  readonly host: string;
  readonly port: number;
  readonly version: "1" | "2c" | "3";
  /** For 1 and 2c. */
  readonly community: string;
  /** For version 3. An empty protocol disables authentication or encryption. */
  readonly user: string;
  readonly auth: {
    readonly protocol: "" | "MD5" | "SHA" | "SHA256" | "SHA512";
    readonly key: string;
  };
  readonly privacy: { readonly protocol: "" | "DES" | "AES" | "AES256"; readonly key: string };
  /** Seconds until a question is asked again, and how often. */
  readonly timeout: number;
  readonly retries: number;
}

/** Whole numbers; 64-bit counters as bigint; octets as text; addresses and OIDs as text. */
export type SnmpValue = number | bigint | string;

export interface SnmpSession extends Disposable {
  /** The values that there are, by OID. Throws `timeout` without an answer, `bad-data` where the device refuses. */
  get(oids: readonly string[]): Promise<ReadonlyMap<string, SnmpValue>>;
  /** All below an OID, by what follows it. */
  walk(oid: string): Promise<ReadonlyMap<string, SnmpValue>>;
}
