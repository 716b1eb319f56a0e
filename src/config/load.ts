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

interface Configs {
  readonly directory: string | undefined;
  /** Where the file names it. */
  readonly at: Origin;
  /** Of all files that are read beside the main one. */
  readonly extension: string;
}

/** A line of [server] that says who the agent runs as: without it that would be root. */
const WHO_RUNS = /^[^"]*"(?:user|group|strict_permissions)\b/;

/** Of all files. A thousand devices with all their options take one. */
const MAX_BYTES = 64 * 1024 * 1024;

export function loadConfig(path: string, files: ConfigFiles): Loaded {
  return new ConfigLoader(path, files).load();
}

class ConfigLoader {
  readonly #path: string;
  readonly #files: ConfigFiles;
  readonly #problems: Problem[] = [];
  readonly #read: string[] = [];
  readonly #directories: string[] = [];
  /** By file: another one where its text is another. */
  readonly #prints: string[] = [];
  #bytes = 0;

  constructor(path: string, files: ConfigFiles) {
    this.#path = path;
    this.#files = files;
  }

  load(): Loaded {
    const main = this.#readTree(this.#path);
    const unreadable = this.#problems.some(({ line }) => line === 0);
    const root = newSection({ file: this.#path, line: 0 });
    merge(root, main);
    const configs = configsOf(main);
    this.#mergeConfigs(root, configs);
    this.#mergeParts(root, "handlers", configs);
    this.#mergeParts(root, "collectors", configs);
    this.#interpolate(root);
    return {
      root,
      main,
      problems: this.#problems,
      unreadable,
      files: this.#read,
      directories: this.#directories,
      fingerprint: this.#prints.join("\n"),
    };
  }

  /** The files of `[configs] path`. */
  #mergeConfigs(root: Section, { directory, at, extension }: Configs): void {
    if (directory === undefined) return;
    const names = this.#namesIn(directory, at);
    if (names === undefined) this.#report(at, `there is no directory "${directory}"`);
    for (const name of names ?? []) {
      if (name.endsWith(extension)) merge(root, this.#readPart(`${trimSlash(directory)}/${name}`));
    }
  }

  /** The files of `handlers_config_path` or `collectors_config_path`: each one is a section of its name. */
  #mergeParts(root: Section, kind: "handlers" | "collectors", configs: Configs): void {
    if (!isSection(root.entries.get(kind))) {
      root.entries.set(kind, newSection({ file: this.#path, line: 0 }));
    }
    const server = subsection(root, "server");
    const directory = text(server, `${kind}_config_path`);
    if (directory === undefined || directory === "") return;
    const target = subsection(root, kind)!;
    const at = leaf(server, `${kind}_config_path`)!.origin;
    for (const name of this.#namesIn(directory, at) ?? []) {
      if (!name.endsWith(configs.extension) || name.startsWith(".")) continue;
      const file = `${trimSlash(directory)}/${name}`;
      const part = this.#readPart(file);
      // A file with full headers that [configs] path has read already: this second reading means nothing.
      if (this.#isSame(directory, configs.directory) && isSection(part.entries.get(kind))) continue;
      const holder = newSection({ file, line: 0 });
      holder.entries.set(name.slice(0, name.lastIndexOf(".")), part);
      merge(target, holder);
    }
  }

  #isSame(directory: string, other: string | undefined): boolean {
    return other !== undefined && this.#files.absolute(other) === this.#files.absolute(directory);
  }

  /** Files of a directory resolve their own names; the main file's are not visible there. */
  #readPart(file: string): Section {
    const part = this.#readTree(file);
    this.#interpolate(part);
    return part;
  }

  #readTree(file: string): Section {
    this.#read.push(file);
    let content: string;
    try {
      content = this.#textOf(file);
    } catch (error) {
      const problem = fault({ file, line: 0 }, `cannot read the file: ${messageOf(error)}`);
      this.#problems.push({ ...problem, fatal: file === this.#path });
      return { ...newSection({ file, line: 0 }), broken: problem };
    }
    const parsed = parseConfig(content, file);
    for (const { line, message, section, tolerable } of parsed.problems) {
      if (tolerable) continue;
      const decides = file === this.#path && section[0] === "server" && WHO_RUNS.test(message);
      this.#problems.push({ ...fault({ file, line }, message), fatal: decides });
    }
    return parsed.root;
  }

  #textOf(file: string): string {
    const text = this.#files.read(file);
    this.#bytes += text.length;
    if (this.#bytes > MAX_BYTES) throw new Error("all files together have more than 64 MB");
    this.#prints.push(`${file} ${text.length} ${fnv1a(text)}`);
    return text;
  }

  #namesIn(directory: string, at: Origin): readonly string[] | undefined {
    this.#directories.push(directory);
    try {
      return this.#files.list(directory);
    } catch (error) {
      this.#report(at, `cannot read the directory "${directory}": ${messageOf(error)}`);
      return [];
    }
  }

  #interpolate(section: Section): void {
    for (const { file, line, message } of interpolateAll(section, isLogSection)) {
      this.#report({ file, line }, message);
    }
  }

  #report(at: Origin, message: string): void {
    this.#problems.push(fault(at, message));
  }
}

/** What the main file says of `[configs]`; other files cannot change it. */
function configsOf(main: Section): Configs {
  const configs = subsection(main, "configs");
  return {
    directory: text(configs, "path") || undefined,
    at: leaf(configs, "path")?.origin ?? main.origin,
    extension: text(configs, "extension") ?? ".conf",
  };
}

/** A plain text value; lists and sections are none. */
function text(section: Section | undefined, name: string): string | undefined {
  const value = leaf(section, name)?.value;
  return typeof value === "string" ? value : undefined;
}

function trimSlash(directory: string): string {
  return directory.length > 1 ? directory.replace(/\/+$/, "") : directory;
}
