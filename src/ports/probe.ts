/** Questions about a mount point, which may hang. */

export interface StatVfs {
  /** Bytes in a block of the counts below. */
  readonly blockSize: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly blocksAvailable: number;
  readonly files: number;
  readonly filesFree: number;
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
}

/** Whose signal is looked at only where something may wait: a collector's run makes none before. */
export interface Abortable {
  readonly signal: AbortSignal;
}
