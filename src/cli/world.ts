/** What the commands are given: all that they may reach of the machine. Made in compose.ts. */

import type { Host, RecordedHost } from "../ports/host.ts";
import type { DaemonPorts } from "../daemon/contract.ts";
import type { Kernel } from "../ports/process.ts";
import type { FullScreen, ScreenEvents } from "../ports/terminal.ts";
import type { Spool, SpoolSummary } from "../ports/spool.ts";

export interface World extends DaemonPorts {
  readonly buildInfo: BuildInfo;
  readonly out: Terminal;
  readonly err: Terminal;
  /** Lists the spools in a folder, even while an agent uses them. Throws if the folder does not exist. */
  listSpools(folder: string): SpoolSummary[];
  /** Opens one of them for reading. Throws `config` if it does not exist. */
  lookIntoSpool(folder: string, handler: string): Spool;
  /** The lines of a large file, compressed or not. Throws `config` where it cannot be read. */
  readLines(path: string): {
    readonly lines: AsyncIterable<string>;
    /** Part of it that has been read, 0 to 1. */
    progress(): number;
  };
  /** Takes lines at a port of loopback, until the returned function is called. Throws where it cannot listen. */
  receiveLines(port: number, take: (line: string) => void): Promise<() => void>;
  /** Throws `config` where there is such a file already, or it cannot be written. */
  writeNewFile(path: string, text: string): void;
  /** The same, with one that is there written over. */
  writeFile(path: string, text: string, mode?: number): void;
  /** Throws `config` where it cannot. */
  removeFile(path: string): void;
  /** All of a file, however large. Throws `config` where it cannot be read. */
  readFile(path: string): Uint8Array;
  /**
   * A file of pieces that are made as they are written; returns its bytes. Throws `config` where it cannot, and with
   * `isNew` where there is one.
   */
  writePieces(
    path: string,
    pieces: Iterable<Uint8Array>,
    options?: { readonly isNew?: boolean },
  ): Promise<number>;
  /** The last lines of a file, of so many bytes together. Throws `config` where it cannot be read. */
  readTail(path: string, bytes: number): string;
  /** The terminal as a whole: for what is drawn again and again. */
  screen(): Promise<ScreenPort>;
  /** For process 1. Throws `config` where this runtime has no way to it. */
  kernel(): Promise<Kernel>;
  /** What starts this very program: its full path, and that of its source where it is not compiled. */
  command(): readonly string[];
  /** This host, with all that is read of it written below `directory/round`. */
  recording(directory: string, round: string, secrets: readonly string[]): Host;
  /** What was recorded there. Throws `config` where there is nothing. */
  recorded(directory: string): RecordedHost;
}

interface BuildInfo {
  readonly version: string;
  readonly commit: string;
  readonly target: string;
  readonly runtime: string;
  /** One executable, not a runtime with sources. */
  readonly compiled: boolean;
}

interface ScreenPort {
  /** A terminal that can move its cursor, with a keyboard. */
  readonly isThere: boolean;
  /** It shows more than ASCII. */
  readonly unicode: boolean;
  open(events: ScreenEvents): FullScreen;
}

export interface Terminal {
  write(text: string): void;
  /** Line width in characters. If the output is not a terminal, it is a width that reads well. */
  readonly columns: number;
  readonly isTerminal: boolean;
  readonly colours: boolean;
}
