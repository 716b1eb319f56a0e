/** Whether the configuration on disk is another than the one in force, and why it is not taken. */

import type { ConfigurationStatus } from "../agent/status.ts";
import { loadConfig } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { messageOf } from "../core/errors.ts";
import type { ConfigFiles } from "../ports/local_files.ts";

interface Refusal {
  readonly fingerprint: string;
  readonly files: readonly string[];
  readonly problems: readonly string[];
}

export class ConfigurationOnDisk {
  readonly #path: string;
  readonly #files: ConfigFiles;
  readonly #now: () => number;
  #refusal: Refusal | undefined;
  /** The files' versions when they were last found to be in force, or not to be. */
  #same: string | undefined;
  #other: { readonly versions: string; readonly problems: readonly string[] } | undefined;
  #otherSince: number | undefined;

  constructor(path: string, files: ConfigFiles, now: () => number) {
    this.#path = path;
    this.#files = files;
    this.#now = now;
  }

  /** Remembers why it was not taken. */
  refuse({ fingerprint, files }: Settings, problems: readonly string[]): void {
    this.#refusal = { fingerprint, files, problems };
    this.#other = undefined;
  }

  /** Another one is in force. */
  accept(): void {
    this.#refusal = undefined;
    this.#same = undefined;
    this.#other = undefined;
  }

  /** Undefined where it is the one in force. Its files are read only where they have changed. */
  difference(inForce: Settings): ConfigurationStatus["onDisk"] {
    let versions: string;
    try {
      const paths = [...inForce.files, ...(this.#refusal?.files ?? [])];
      versions = versionsOf(paths, inForce.directories, this.#files);
    } catch (error) {
      this.#otherSince ??= this.#now();
      const problems = [`${this.#path}: error: ${messageOf(error)}`];
      return { problems, since: this.#otherSince };
    }
    if (versions !== this.#same && versions !== this.#other?.versions) {
      this.#compare(versions, inForce);
    }
    if (versions === this.#same) {
      this.#otherSince = undefined;
      return undefined;
    }
    this.#otherSince ??= this.#now();
    return { problems: this.#other!.problems, since: this.#otherSince };
  }

  #compare(versions: string, inForce: Settings): void {
    const { fingerprint } = loadConfig(this.#path, this.#files);
    if (fingerprint === inForce.fingerprint) {
      this.#same = versions;
      return;
    }
    const isRefused = fingerprint === this.#refusal?.fingerprint;
    this.#other = { versions, problems: isRefused ? this.#refusal!.problems : [] };
  }
}

/** Another text when a file has changed, or a folder's list. Throws where one cannot be looked at. */
export function versionsOf(
  paths: readonly string[],
  folders: readonly string[],
  files: ConfigFiles,
): string {
  const listed = folders.map((folder) => files.list(folder));
  return JSON.stringify([paths.map((path) => files.fileVersion(path)), listed]);
}
