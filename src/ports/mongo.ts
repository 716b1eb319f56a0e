/** MongoDB, which collectors ask by commands. */

export interface Mongo {
  /** Throws `undelivered` or `timeout`. */
  connect(settings: MongoSettings, signal: AbortSignal): Promise<MongoConnection>;
}

export interface MongoSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
}

export interface MongoConnection extends AsyncDisposable {
  /**
   * The answer as plain data: whole numbers as numbers, times as milliseconds since the epoch. Throws
   * `bad-data` where the server refuses, otherwise as `connect`.
   */
  command(database: string, command: Readonly<Record<string, unknown>>): Promise<MongoDocument>;
}

export type MongoDocument = Readonly<Record<string, unknown>>;
