/** The rounds of a recording: a folder for each, and the one that is now by the recording's clock. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { configError } from "../core/errors.ts";
import type { HostFs } from "../ports/fs.ts";
import { createHostFs } from "./fs/files.ts";
import { type Exchange, readTape } from "./tape/tape.ts";

export class RecordedRounds {
  /** Their seconds, in order. */
  readonly all: readonly number[];
  /** Milliseconds since the recording began. */
  ms: number;
  readonly #directory: string;
  readonly #wrap: (fs: HostFs) => HostFs;
  readonly #files = new Map<string, HostFs>();
  readonly #tapes = new Map<string, readonly Exchange[]>();

  /** Throws `config` where there is no recording. */
  constructor(directory: string, wrap: (fs: HostFs) => HostFs) {
    this.#directory = directory;
    this.#wrap = wrap;
    this.all = roundsOf(directory);
    this.ms = this.all[0] * 1000;
  }

  get fs(): HostFs {
    const root = this.#folder();
    let fs = this.#files.get(root);
    if (fs === undefined) {
      const real = createHostFs({ procfs: "", sysfs: "", rootfs: root });
      // A recording stays as it is.
      fs = this.#wrap({ ...real, remove() {} });
      this.#files.set(root, fs);
    }
    return fs;
  }

  get tape(): readonly Exchange[] {
    const root = this.#folder();
    const tape = this.#tapes.get(root) ?? readTape(root);
    this.#tapes.set(root, tape);
    return tape;
  }

  /** What a file beside the others holds; empty where it is not there. */
  json<T>(name: string): Record<string, T> {
    const path = join(this.#folder(), name);
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  }

  #folder(): string {
    return join(this.#directory, `${this.all.findLast((second) => second * 1000 <= this.ms)}s`);
  }
}

function roundsOf(directory: string): number[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    throw configError(`cannot read the recording in "${directory}"`, error);
  }
  const rounds = names.filter((name) => /^\d+s$/.test(name)).map((name) => Number.parseInt(name));
  if (rounds.length === 0) {
    throw configError(`there is no recording in "${directory}": folders 0s, 10s and so on`);
  }
  return rounds.sort((a, b) => a - b);
}
