/** The files that a configuration is made of, as the configuration's room reaches them. */
export interface ConfigFiles {
  /** The text of a file. Throws with the system's reason. */
  read(path: string): string;
  /** The names in a directory, sorted; undefined if there is no such directory. Throws where it cannot be read. */
  list(directory: string): string[] | undefined;
  /** Who may read and write it; undefined when it is not there. */
  access(path: string): FileAccess | undefined;
  /**
   * Why others than root and the user that the agent is or becomes could change it, as the rest of a sentence after
   * its name; undefined where they could not.
   */
  whoElse(path: string, user: string, group: string): string | undefined;
  /** Changes when the file does; undefined when it is not there. Throws `timeout` where its file system does not answer. */
  fileVersion(path: string): string | undefined;
  /** Tells of each file system that does not answer, also of those that do not already. */
  onSilence?(tell: SilenceListener): void;
  /** The agent's own program. */
  readonly executable?: string;
  /** Against the working directory. */
  absolute(path: string): string;
  /**
   * By the mounts as they are now: the type of the file system of a path where that can stop answering, and this
   * process with it.
   */
  networkKinds(): (path: string) => string | undefined;
  /** Why a file of this name cannot be written; undefined when it can. */
  unwritable(path: string): string | undefined;
}

/** `over` resolves when it answers again. */
export type SilenceListener = (mountPoint: string, over: Promise<void>) => void;

export interface FileAccess {
  readonly directory: boolean;
  /** Others than owner and group may read. */
  readonly othersRead: boolean;
}
