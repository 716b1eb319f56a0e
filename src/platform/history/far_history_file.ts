/** The history's file on a file system that can hang: another process has it. */

import { undelivered } from "../../core/errors.ts";
import type { Block, BlockInfo, BlockKind, HistoryFile } from "../../ports/history.ts";
import type { Log } from "../../ports/log.ts";
import type { Far } from "../far/far_process.ts";

/** With each answer, so that no question is needed. */
interface FileState {
  readonly bytes: number;
  readonly points: number;
  readonly oldest?: number;
  readonly warnings: readonly string[];
}

interface FileAnswer {
  readonly result?: unknown;
  readonly state: FileState;
}

interface WireBlock {
  readonly info: BlockInfo;
  readonly data: string;
}

type Calls = Readonly<Record<string, (...args: never[]) => FileAnswer>>;

/** In the other process: what can be asked of a file. `warnings` is where its own go. */
export function historyForOthers(
  file: HistoryFile,
  warnings: string[],
  keep: (calls: Calls) => number,
): FileAnswer {
  function answer(result?: unknown): FileAnswer {
    const { bytes, points, oldest } = file;
    return { result, state: { bytes, points, oldest, warnings: warnings.splice(0) } };
  }
  return answer(keep({
    paths: () => answer([...file.paths()]),
    append: (block: BlockInfo, data: string, paths: [number, string][]) =>
      answer(file.append(block, bytesOf(data), new Map(paths))),
    replace: (ids: number[], blocks: WireBlock[], numbers: number[]) =>
      answer(
        file.replace(ids, blocks.map(({ info, data }) => ({ info, data: bytesOf(data) })), numbers),
      ),
    blocks: (kind: BlockKind, from: number, to: number) => answer(file.blocks(kind, from, to)),
    read(block: Block) {
      const data = file.read(block);
      return answer(data && textOf(data));
    },
    trim: (maxBytes: number, oldest: number) => answer(file.trim(maxBytes, oldest)),
    close() {
      const last = answer();
      file.close();
      return last;
    },
  }));
}

export function farHistoryFile(far: Far, path: string, log: Log): HistoryFile {
  let number = 0;
  let generation = 0;
  let state: FileState = { bytes: 0, points: 0, warnings: [] };
  const isThere = () => far.isRunning && far.generation === generation;

  function take(answer: FileAnswer): unknown {
    state = answer.state;
    for (const warning of state.warnings) log.warn(warning);
    return answer.result;
  }

  function open(): void {
    number = take(far.call("history", path) as FileAnswer) as number;
    generation = far.generation;
  }

  function call<T>(name: string, ...args: readonly unknown[]): T {
    try {
      if (!isThere()) open();
      return take(far.callOn(number, name, ...args) as FileAnswer) as T;
    } catch (error) {
      throw undelivered(`cannot use the history in "${path}"`, error);
    }
  }

  open();
  return {
    get bytes() {
      return state.bytes;
    },
    get points() {
      return state.points;
    },
    get oldest() {
      return state.oldest;
    },
    paths: () => call<[number, string][]>("paths"),
    append: (block, data, paths) => call("append", block, textOf(data), [...paths]),
    replace(ids, blocks, numbers) {
      const sent = blocks.map(({ info, data }) => ({ info, data: textOf(data) }));
      call("replace", ids, sent, numbers);
    },
    blocks: (kind, from, to) => call("blocks", kind, from, to),
    read(block) {
      const data = call<string | undefined>("read", block);
      return data === undefined ? undefined : bytesOf(data);
    },
    trim: (maxBytes, oldest) => call("trim", maxBytes, oldest),
    close() {
      if (isThere()) call("close");
    },
  };
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));
