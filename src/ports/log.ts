/** Where messages go. What they look like and where they end is the platform's business. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** `error` is shown with its stack below the message where the log's level is debug. */
  error(message: string, error?: unknown): void;
}

/** A log that discards everything. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
