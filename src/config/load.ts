/**
 * From the main file to one tree: the files of `[configs]`, of `handlers_config_path` and of
 * `collectors_config_path` are merged in Diamond's order, each directory sorted by name.
 */

import { messageOf } from "../core/errors.ts";
import { fnv1a } from "../core/hash.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import { parseConfig } from "./configobj.ts";
import { interpolateAll } from "./interpolate.ts";
import { isLogSection } from "./logging.ts";
import { fault, type Problem } from "./problems.ts";
import {
  isSection,
  leaf,
  merge,
  newSection,
  type Origin,
  type Section,
  subsection,
} from "./tree.ts";

interface Loaded {
  readonly root: Section;
  /** The main file alone: the log is configured there and nowhere else. */
  readonly main: Section;
  readonly problems: readonly Problem[];
  /** The main file could not be read: there is nothing more to say. */
  readonly unreadable: boolean;
  /** Every file that was read, in order. */
  readonly files: readonly string[];
  /** The directories that were looked into. */
  readonly directories: readonly string[];
  /** Another one where the text of a file is another. */
  readonly fingerprint: string;
}

/** A line of [server] that says who the agent runs as: without it that would be root. */
const WHO_RUNS = /^[^"]*"(?:user|group|strict_permissions)\b/;

/** Of all files. A thousand devices with all their options take one. */
const MAX_BYTES = 64 * 1024 * 1024;

export function loadConfig(path: string, files: ConfigFiles): Loaded {
  const problems: Problem[] = [];
  const read: string[] = [];
  const directories: string[] = [];
  const origin = { file: path, line: 0 };
  const prints: string[] = [];
  let bytes = 0;

  function readTree(file: string): Section {
    read.push(file);
    let text: string;
    try {
      text = files.read(file);
      bytes += text.length;
      if (bytes > MAX_BYTES) throw new Error("all files together have more than 64 MB");
      prints.push(`${file} ${text.length} ${fnv1a(text)}`);
    } catch (error) {
      const problem = fault({ file, line: 0 }, `cannot read the file: ${messageOf(error)}`);
      problems.push({ ...problem, fatal: file === path });
      return { ...newSection({ file, line: 0 }), broken: problem };
    }
    const parsed = parseConfig(text, file);
    for (const { line, message, section, tolerable } of parsed.problems) {
      if (tolerable) continue;
      const decides = file === path && section[0] === "server" && WHO_RUNS.test(message);
      problems.push({ ...fault({ file, line }, message), fatal: decides });
    }
    return parsed.root;
  }

  /** Files of a directory resolve their own names; the main file's are not visible there. */
  function readPart(file: string): Section {
    const part = readTree(file);
    for (const { line, message } of interpolateAll(part, isLogSection)) {
      problems.push(fault({ file, line }, message));
    }
    return part;
  }

  function namesIn(directory: string, at: Origin): readonly string[] | undefined {
    try {
      return files.list(directory);
    } catch (error) {
      problems.push(fault(at, `cannot read the directory "${directory}": ${messageOf(error)}`));
      return [];
    }
  }

  const main = readTree(path);
  const unreadable = problems.some(({ line }) => line === 0);
  const root = newSection(origin);
  merge(root, main);

  const configs = subsection(root, "configs");
  const extension = text(configs, "extension") ?? ".conf";
  const extra = text(configs, "path");
  if (extra !== undefined && extra !== "") {
    directories.push(extra);
    const at = leaf(configs, "path")!.origin;
    const names = namesIn(extra, at);
    if (names === undefined) problems.push(fault(at, `there is no directory "${extra}"`));
    for (const name of names ?? []) {
      if (name.endsWith(extension)) merge(root, readPart(`${trimSlash(extra)}/${name}`));
    }
  }

  const server = subsection(root, "server");
  mergeDirectory("handlers", text(server, "handlers_config_path"));
  mergeDirectory("collectors", text(server, "collectors_config_path"));

  function isAgain(directory: string): boolean {
    return extra !== undefined && files.absolute(extra) === files.absolute(directory);
  }

  function mergeDirectory(kind: "handlers" | "collectors", directory: string | undefined): void {
    if (!isSection(root.entries.get(kind))) root.entries.set(kind, newSection(origin));
    if (directory === undefined || directory === "") return;
    directories.push(directory);
    const target = subsection(root, kind)!;
    const at = leaf(server, `${kind}_config_path`)!.origin;
    for (const name of namesIn(directory, at) ?? []) {
      if (!name.endsWith(extension) || name.startsWith(".")) continue;
      const file = `${trimSlash(directory)}/${name}`;
      const part = readPart(file);
      // A file with full headers that [configs] path has read already: this second reading means nothing.
      if (isAgain(directory) && isSection(part.entries.get(kind))) continue;
      const holder = newSection({ file, line: 0 });
      holder.entries.set(name.slice(0, name.lastIndexOf(".")), part);
      merge(target, holder);
    }
  }

  for (const { file, line, message } of interpolateAll(root, isLogSection)) {
    problems.push(fault({ file, line }, message));
  }
  const fingerprint = prints.join("\n");
  return { root, main, problems, unreadable, files: read, directories, fingerprint };
}

/** A plain text value; lists and sections are none. */
function text(section: Section | undefined, name: string): string | undefined {
  const value = leaf(section, name)?.value;
  return typeof value === "string" ? value : undefined;
}

function trimSlash(directory: string): string {
  return directory.length > 1 ? directory.replace(/\/+$/, "") : directory;
}
