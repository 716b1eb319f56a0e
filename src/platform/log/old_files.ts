/** Files that rotation has put aside, beside the one that grows: their names, their compression, their number. */

import {
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from "node:fs";
import { basename } from "node:path";
import { rotatedPattern, rotatedSuffix } from "../../formats/rotation.ts";
import type { Zone } from "../../formats/strftime.ts";
import type { Rotation } from "../../ports/fs.ts";
import { withPlace } from "../access/folder.ts";
import { streams, zlib } from "../runtime/node_modules.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY } = constants;

export class OldFiles {
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #zone: Zone;
  #isCompressing = false;

  constructor(path: string, rotation: Rotation, zone: Zone) {
    this.#path = path;
    this.#rotation = rotation;
    this.#zone = zone;
  }

  /** What stands behind the file's name once it is put aside, of a period that ends at a time. */
  suffixOf(end: number): string {
    const { when, interval } = this.#rotation;
    return `.${rotatedSuffix(when, interval, end, this.#zone)}`;
  }

  /** The same, where the period is not over: with the first number that is free. */
  numberedSuffixOf(end: number): string {
    const base = this.suffixOf(end);
    return inFolder(this.#path, (named) => {
      let number = 1;
      while ([".gz", ""].some((end) => existsSync(named(`${base}.${number}${end}`)))) number++;
      return `${base}.${number}`;
    });
  }

  /** Makes room for a newest one, with the suffix `.1`; false where there may be none. */
  shift(): boolean {
    const { keep, gzip } = this.#rotation;
    // Without a number of files to keep there is nowhere to put it: Python goes on writing, and so do
    // we, also while the last file is being compressed, whose name must not change.
    if (keep === 0 || this.#isCompressing) return false;
    const end = gzip ? ".gz" : "";
    inFolder(this.#path, (named) => {
      for (let number = keep - 1; number >= 1; number--) {
        const from = named(`.${number}${end}`);
        if (existsSync(from)) renameSync(from, named(`.${number + 1}${end}`));
      }
    });
    return true;
  }

  /** Puts the file aside. `reopen` begins the next one, before this one is compressed. */
  add(suffix: string, reopen: () => void): void {
    const path = this.#path;
    inFolder(path, (named) => existsSync(named("")) && renameSync(named(""), named(suffix)));
    reopen();
    if (!this.#rotation.gzip) return;
    this.#isCompressing = true;
    void compress(path, suffix).finally(() => (this.#isCompressing = false));
  }

  /** Keeps the newest. */
  trim(): void {
    const { when, keep } = this.#rotation;
    if (keep === 0) return;
    const pattern = rotatedPattern(when);
    inFolder(this.#path, (named, folder) => {
      const name = basename(named(""));
      const old = readdirSync(folder).filter((file) =>
        file.startsWith(name) && pattern.test(file.slice(name.length))
      ).sort();
      for (const file of old.slice(0, Math.max(0, old.length - keep))) {
        unlinkSync(named(file.slice(name.length)));
      }
    });
  }
}

/** Gives the paths of the file's neighbours: of those whose names are its own with something behind it. */
function inFolder<T>(
  path: string,
  use: (named: (suffix: string) => string, folder: string) => T,
): T {
  return withPlace(path, (place) => {
    const named = (suffix: string) => place.beside(basename(place.path) + suffix);
    return use(named, place.beside("."));
  });
}

async function compress(path: string, suffix: string): Promise<void> {
  const partial = `${suffix}.gz.tmp`;
  try {
    const [from, to] = inFolder(path, (named) => {
      if (existsSync(named(partial))) unlinkSync(named(partial));
      const from = openSync(named(suffix), O_RDONLY | O_NOFOLLOW);
      const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
      return [from, openSync(named(partial), flags, fstatSync(from).mode)];
    });
    await streams().pipeline(
      createReadStream("", { fd: from }),
      zlib().createGzip(),
      createWriteStream("", { fd: to }),
    );
    inFolder(path, (named) => {
      renameSync(named(partial), named(`${suffix}.gz`));
      unlinkSync(named(suffix));
    });
  } catch {
    // The uncompressed file is still there: nothing is lost.
    inFolder(path, (named) => existsSync(named(partial)) && unlinkSync(named(partial)));
  }
}
