/**
 * The state that the agent keeps across restarts: the handlers' ledgers and the last counter values. With it a
 * restart causes neither a gap nor a spike. It is saved at the stop and every minute.
 */

import type { SavedSamples } from "../core/emitter.ts";
import { messageOf } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { SavedLedger } from "../delivery/ledger.ts";
import type { Outage } from "./outages.ts";
import { checkShape } from "./state_shape.ts";

/** Where the state lies. */
export interface StateStore {
  readonly path: string;
  /** The text that was kept; undefined where there is none. Throws where it cannot be read. */
  read(): string | undefined;
  /** Replaces it as a whole or throws. */
  write(text: string): void;
}

export interface SavedState {
  readonly format: 1;
  readonly boot: string;
  readonly view: string;
  /** Milliseconds since the epoch. */
  readonly kept: number;
  readonly clean: boolean;
  readonly handlers: Readonly<Record<string, SavedLedger>>;
  readonly collectors: Readonly<Record<string, SavedSamples>>;
  /** Absent in the state of an earlier version. */
  readonly outages?: readonly Outage[];
}

export const NO_SAVED_STATE: SavedState = {
  format: 1,
  boot: "",
  view: "",
  kept: 0,
  clean: true,
  handlers: {},
  collectors: {},
};

/** Older samples are discarded. An average over a longer gap would not describe any real rate. */
const MAX_AGE_SECONDS = 3600;

/** The kept state; an empty one, with a word in the log, where it cannot be read. Samples of another boot, or of another machine's /proc, are left out. */
export function readState(
  store: StateStore | undefined,
  view: string,
  host: Host,
  log: Log,
  failed: (error: unknown) => void = () => {},
): SavedState {
  try {
    const text = store?.read();
    if (text === undefined) return NO_SAVED_STATE;
    const state = JSON.parse(text) as SavedState;
    if (state.format !== 1) throw new Error(`its format ${state.format} is not known here`);
    checkShape(state);
    const age = (host.clock.now() - state.kept) / 1000;
    const samplesHold = state.boot === bootOf(host).id && state.view === view && age >= 0 &&
      age <= MAX_AGE_SECONDS;
    return samplesHold ? state : { ...state, collectors: {} };
  } catch (error) {
    failed(error);
    log.warn(
      `The state in "${store?.path}" is not taken over, counters and the ledgers begin again: ${
        messageOf(error)
      }`,
    );
    return NO_SAVED_STATE;
  }
}

/**
 * Identifies the current boot, and returns by how many milliseconds this process's monotonic clock trails the
 * uptime.
 */
export function bootOf({ fs, clock, figures }: Host): { id: string; offset: number } {
  const uptime = 1000 * (fs.tryRead("/proc/uptime")?.float() ?? figures.uptime());
  const id = fs.tryRead("/proc/sys/kernel/random/boot_id")?.word();
  // Elsewhere the time of the boot is its name, to the minute.
  return {
    id: id ?? `${Math.round((clock.now() - uptime) / 60_000)}`,
    offset: uptime - clock.monotonic(),
  };
}
