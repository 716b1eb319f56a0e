/** Files of the host. Reads of /proc and /sys are synchronous and never block. */

import type { Cursor } from "../core/cursor.ts";

/** Paths are the host's: `/proc`, `/sys` and the rest are moved by `procfs`, `sysfs` and `rootfs`. */
export interface HostFs {
  /** All of a file. Throws `no-data` when it cannot be read, and when it is longer than 64 MiB. */
  read(path: string): Cursor;
  /** As `read`; undefined when it cannot be read. */
  tryRead(path: string): Cursor | undefined;
  /** The same piece by piece, each of whole lines and good until the next one: for tables of any length. */
  readPieces(path: string): Iterable<Cursor>;
  /** The bytes of a file, for formats that are not text. Throws `no-data`. */
  readBytes(path: string): Uint8Array;
  /** The names in a directory, unsorted. Throws `no-data`. */
  list(path: string): string[];
  exists(path: string): boolean;
  /** Whether this process may execute the file. */
  executable(path: string): boolean;
  /** The type of its file system where that can stop answering, such as nfs: then ask `probe` first. */
  hangingKind(path: string): string | undefined;
  /** Why root must not run the file: others can change it. Undefined where they cannot, or the agent is not root. */
  untrusted(path: string): string | undefined;
  stat(path: string): FileStat | undefined;
  /** The target of a symbolic link, as it stands. */
  readLink(path: string): string | undefined;
  /** The path with every link resolved, as the host sees it. */
  realPath(path: string): string | undefined;
  /** Removes a file. Throws `no-data` where it cannot. */
  remove(path: string): void;
  /** A file that grows by whole texts, and is rotated. Throws `config` when it cannot be opened. */
  append(path: string, rotation: Rotation): Appender;
}

export interface FileStat {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly device: number;
  readonly size: number;
  readonly uid: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** When a file is put aside, and how many of the old ones stay. */
export interface Rotation {
  /** S M H D MIDNIGHT W0…W6 as Python's TimedRotatingFileHandler; SIZE: by `maxBytes` alone; NEVER. */
  readonly when: string;
  /** Units of `when`. */
  readonly interval: number;
  /** Old files to keep; 0: all. */
  readonly keep: number;
  /** Also rotate before the file grows over this; 0: no bound. */
  readonly maxBytes: number;
  /** Compress what was put aside. */
  readonly gzip: boolean;
  readonly utc: boolean;
  /** Open again when the file was moved away by another program. */
  readonly watch: boolean;
}

export interface Appender {
  /** Writes all of the text or throws. */
  append(text: string): void;
  close(): void;
}
