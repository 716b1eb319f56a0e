/** What the log should be: made by the configuration, carried out by the platform. */

import type { Rotation } from "./fs.ts";

/** Python's level numbers: 10 debug … 50 critical. */
export interface LogPlan {
  /** Records below it go nowhere. */
  readonly level: number;
  readonly outputs: readonly LogOutput[];
}

export interface LogOutput {
  readonly level: number;
  readonly format: string;
  readonly datefmt: string;
  readonly to: LogTarget;
}

export type LogTarget =
  | { readonly kind: "stream"; readonly stream: "stdout" | "stderr" }
  | { readonly kind: "file"; readonly path: string; readonly rotation: Rotation }
  | {
    readonly kind: "syslog";
    readonly address: string | readonly [host: string, port: number];
    readonly facility: number;
  };
