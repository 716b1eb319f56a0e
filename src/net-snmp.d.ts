/** The part of net-snmp that the agent uses; the package has no types of its own. */
declare module "net-snmp" {
  export interface Varbind {
    readonly oid: string;
    readonly type: number;
    readonly value: unknown;
  }
  export interface Session {
    get(oids: readonly string[], done: (error: Error | null, all: Varbind[]) => void): void;
    subtree(
      oid: string,
      maxRepetitions: number,
      feed: (all: Varbind[]) => void,
      done: (error: Error | null) => void,
    ): void;
    on(event: "error", listener: (error: Error) => void): void;
    close(): void;
  }
  export interface User {
    readonly name: string;
    readonly level: number;
    readonly authProtocol?: number;
    readonly authKey?: string;
    readonly privProtocol?: number;
    readonly privKey?: string;
  }
  const snmp: {
    readonly Version1: number;
    readonly Version2c: number;
    readonly Version3: number;
    readonly AuthProtocols: Readonly<Record<string, number>>;
    readonly PrivProtocols: Readonly<Record<string, number>>;
    readonly SecurityLevel: Readonly<Record<string, number>>;
    readonly ObjectType: Readonly<Record<string, number>>;
    createSession(host: string, community: string, options: object): Session;
    createV3Session(host: string, user: User, options: object): Session;
    isVarbindError(varbind: Varbind): boolean;
    varbindError(varbind: Varbind): string;
  };
  export default snmp;
}
