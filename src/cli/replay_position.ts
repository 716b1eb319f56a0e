/** How far a replay has come: the lines that are done, kept beside the archive, with the filter that they were for. */

import { configError, messageOf } from "../core/errors.ts";
import type { ArchiveFilter } from "./archive_reader.ts";
import type { World } from "./world.ts";

export class ReplayPosition {
  /** Lines that are done. */
  line = 0;
  readonly #world: World;
  readonly #store: ReturnType<World["state"]>;
  readonly #filter: string;

  constructor(world: World, path: string, handler: string, filter: ArchiveFilter) {
    this.#world = world;
    this.#store = world.state(`${path}.${handler.replace(/[^\w.-]+/g, "_")}.replay`);
    this.#filter = JSON.stringify(filter);
  }

  /** Goes on where an earlier one stopped. Throws `config` where that was another. */
  restore(): void {
    const text = this.#store.read();
    if (text === undefined) return;
    const { path } = this.#store;
    const kept = parsePosition(text);
    if (kept === undefined) {
      throw configError(`"${path}" does not hold a position; --restart begins at the first line`);
    }
    if (kept.filter !== this.#filter) {
      throw configError(
        `"${path}" says that this was begun with other filters: repeat those, or --restart`,
      );
    }
    this.line = kept.line;
  }

  keep(): void {
    try {
      this.#store.write(JSON.stringify({ line: this.line, filter: this.#filter }));
    } catch (error) {
      this.#world.err.write(`The position cannot be kept: ${messageOf(error)}\n`);
    }
  }

  forget(): void {
    this.#store.remove();
  }
}

function parsePosition(text: string): { line: number; filter: string } | undefined {
  try {
    const { line, filter } = JSON.parse(text);
    return Number.isSafeInteger(line) && line >= 0 && typeof filter === "string"
      ? { line, filter }
      : undefined;
  } catch {
    return undefined;
  }
}
