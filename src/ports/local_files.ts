/** The files that a configuration is made of, as the configuration's room reaches them. */
export interface ConfigFiles {
  /** The text of a file. Throws with the system's reason. */
  read(path: string): string;
  /** The names in a directory, sorted; undefined if the directory does not exist. */
  list(directory: string): string[] | undefined;
  /** Who may read and write it; undefined when it is not there. */
  access(path: string): FileAccess | undefined;
  /**
   * Why others than root and the user that the agent is or becomes could change it, as the rest of a sentence after
   * its name; undefined where they could not.
   */
  whoElse(path: string, user: string, group: string): string | undefined;
  /** Changes when the file does; undefined when it is not there. */
  fileVersion(path: string): string | undefined;
  /** Against the working directory. */
  absolute(path: string): string;
  /**
   * By the mounts as they are now: the type of the file system of a path where that needs a server or a program
   * that can stop answering.
   */
  networkKinds(): (path: string) => string | undefined;
  /** Why a file of this name cannot be written; undefined when it can. */
  unwritable(path: string): string | undefined;
}

export interface FileAccess {
  readonly directory: boolean;
  /** Others than owner and group may read. */
  readonly othersRead: boolean;
}
