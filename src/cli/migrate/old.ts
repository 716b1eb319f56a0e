/** What the old agent has published: from its archive, from Graphite's files, or as it comes. */

import { configError } from "../../core/errors.ts";
import { parseGraphiteLine } from "../../formats/graphite_line.ts";
import { whisperPoints } from "../../formats/whisper.ts";
import { Observations } from "../../view/observed.ts";
import type { World } from "../world.ts";

export interface Old {
  readonly observations: Observations;
  /** For people: what it was, and of what time. */
  readonly what: string;
  /** Lines or files that could not be used. */
  readonly unread: number;
}

/** Of the last half an hour to hour: what a host had before that may be gone. */
const WINDOW_SECONDS = 1800;
/** Graphite's files below a folder. */
const MAX_FILES = 100_000;
const ENDING = ".wsp";

/** `interval`: the longest of a collector. */
export async function fromArchive(
  { readLines }: World,
  path: string,
  interval: number,
  show: (part: number) => void,
): Promise<Old> {
  const window = Math.max(WINDOW_SECONDS, 2 * interval);
  const { lines, progress } = readLines(path);
  let observations = new Observations();
  let before = new Observations();
  let [begin, end, unread] = [-Infinity, 0, 0];
  for await (const line of lines) {
    const point = pointOf(line);
    if (point === undefined) {
      if (line.trim() !== "") unread++;
      continue;
    }
    if (point.timestamp >= begin + window) {
      before = point.timestamp < begin + 2 * window ? observations : new Observations();
      observations = new Observations();
      begin = point.timestamp;
      show(progress());
    }
    end = Math.max(end, point.timestamp);
    observations.add(point.path, point.value);
  }
  before.addAll(observations);
  if (before.size === 0) {
    throw configError(`there is no line \`path value timestamp\` in "${path}"`);
  }
  const until = new Date(end * 1000).toISOString().slice(0, 19).replace("T", " ");
  return { observations: before, what: `the archive ${path}, up to ${until} UTC`, unread };
}

/** Python-diamond lets blanks in names pass: the last two words are value and time. */
function pointOf(line: string): { path: string; value: number; timestamp: number } | undefined {
  const [, path, rest] = /^(.+?)\s+(\S+\s+\S+)\s*$/.exec(line) ?? [];
  const point = path === undefined ? undefined : parseGraphiteLine(`x ${rest}`);
  return point && { path, value: point.value, timestamp: point.timestamp };
}

/** `begins`: only what is below them, where there is such a folder. `now` in seconds. */
export function fromWhisper(
  world: World,
  folder: string,
  { begins, interval, now }: {
    readonly begins: readonly string[];
    readonly interval: number;
    readonly now: number;
  },
): Old {
  const { files, readFile } = world;
  const ours = begins.map((begin) => begin.replaceAll(".", "/"))
    .filter((path) => files.list(`${folder}/${path}`) !== undefined);
  const since = now - 2 * Math.max(WINDOW_SECONDS, interval);
  const observations = new Observations();
  let unread = 0;
  for (const path of walk(world, folder, ours.length > 0 ? ours : [""])) {
    try {
      const name = path.slice(0, -ENDING.length).split("/").filter((part) => part !== "").join(".");
      for (const { value } of whisperPoints(readFile(`${folder}/${path}`), since)) {
        observations.add(name, value);
      }
    } catch {
      unread++;
    }
  }
  if (observations.size === 0) {
    throw configError(
      `no series below "${folder}" has a point of the last hour: is it Graphite's storage/whisper?`,
    );
  }
  return { observations, what: `${folder}, the last hour`, unread };
}

function* walk({ files }: World, root: string, begin: readonly string[]): Generator<string> {
  const left = [...begin];
  for (let found = 0; left.length > 0;) {
    const path = left.pop()!;
    for (const name of files.list(`${root}/${path}`) ?? []) {
      const inner = path === "" ? name : `${path}/${name}`;
      if (name.endsWith(ENDING)) {
        if (++found > MAX_FILES) {
          throw configError(
            `there are more than ${MAX_FILES} files below "${root}": name the host's folder`,
          );
        }
        yield inner;
      } else if (files.access(`${root}/${inner}`)?.directory) left.push(inner);
    }
  }
}

/** Listens on loopback for as long as `during` takes. */
export async function fromListening<T>(
  world: World,
  port: number,
  during: () => Promise<T>,
): Promise<{ readonly old: Old; readonly result: T }> {
  const observations = new Observations();
  let unread = 0;
  const close = await world.receiveLines(port, (line) => {
    const point = pointOf(line);
    if (point === undefined) unread++;
    else observations.add(point.path, point.value);
  });
  try {
    const result = await during();
    if (observations.size === 0) {
      throw configError(
        `nothing came to 127.0.0.1:${port}: point the old agent's GraphiteHandler there (host = 127.0.0.1, port = ${port}), and wait for longer than its interval`,
      );
    }
    return { old: { observations, what: `lines at 127.0.0.1:${port}`, unread }, result };
  } finally {
    close();
  }
}
