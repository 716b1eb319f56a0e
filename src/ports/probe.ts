/** Questions about file systems, which may hang. */

export interface StatVfs {
  /** Bytes in a block of the counts below. */
  readonly blockSize: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly blocksAvailable: number;
  readonly files: number;
  readonly filesFree: number;
}

/** What is in a folder and below it; a link is what it leads to. */
export interface Tree {
  readonly files: number;
  /** Without the folder itself. */
  readonly folders: number;
  readonly bytes: number;
  /** What they take on the disk. */
  readonly allocated: number;
  /** When the newest file was changed, or the folder where there are none, in ms since the epoch. Null: not known. */
  readonly newest: number | null;
  /** Paths that could not be read, the first ones. */
  readonly unread: readonly string[];
}

export interface Probe {
  /**
   * statvfs(2) of a mount point. `kind` has the file system's type, and those of what it lies on: one that can hang (nfs, fuse …)
   * is asked off the main thread, never twice at once, and given up at the signal (`timeout`). The
   * others answer at once, and throw what is wrong.
   */
  statvfs(path: string, kind: string, asker: Abortable): StatVfs | Promise<StatVfs>;
  /** The number of the device that a mount point lies on; with the same care. */
  device(
    path: string,
    kind: string,
    asker: Abortable,
  ): number | undefined | Promise<number | undefined>;
  /** Counts what is in a folder. It takes as long as it takes, in another process, up to the signal. */
  tree(path: string, asker: Abortable): Promise<Tree>;
  /** The text of a small file. One that can hang is asked as above; the others throw what is wrong. */
  read(path: string, asker: Abortable): Promise<string>;
  /** The names in a folder, with the same care. */
  list(path: string, asker: Abortable): Promise<readonly string[]>;
}

/** Whose signal is looked at only where something may wait: a collector's run makes none before. */
export interface Abortable {
  readonly signal: AbortSignal;
}
