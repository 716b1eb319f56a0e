/**
 * The real host, which also writes all that a collector reads of it to a folder: files, file systems,
 * commands. The recording is below `<directory>/<round>`, where recorded_host.ts finds it.
 */

import { closeSync, constants, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configError } from "../core/errors.ts";
import type { HostFs } from "../ports/fs.ts";
import type { Host } from "../ports/host.ts";
import { recordingPorts } from "./tape/recording.ts";
import { type Exchange, TAPE } from "./tape/tape.ts";

/** `secrets` are written as SECRET. Throws `config` from what is asked of it, where it cannot write. */
export function recordingHost(
  real: Host,
  directory: string,
  round: string,
  secrets: readonly string[] = [],
): Host {
  const folder = join(directory, round);
  const told = (name: string) => {
    const answers: Record<string, unknown> = {};
    return (key: string, answer: unknown) => {
      answers[key] = answer;
      save(folder, name, `${JSON.stringify(answers, null, 1)}\n`);
    };
  };
  const statvfs = told("statvfs.json");
  const trees = told("trees.json");
  const commands = told("commands.json");
  const exchanges: Exchange[] = [];
  const keep = (exchange: Exchange) => {
    if (!exchanges.includes(exchange)) exchanges.push(exchange);
    save(folder, TAPE, masked(`${JSON.stringify(exchanges, null, 1)}\n`, secrets));
  };
  save(folder, "", "");
  const fs = recording(real.fs, folder);
  return {
    ...real,
    ...recordingPorts(real, keep),
    get cpus() {
      // Asks the file, so that it is recorded.
      fs.tryRead("/sys/devices/system/cpu/online");
      return real.cpus;
    },
    fs,
    probe: {
      ...real.probe,
      async statvfs(path, kind, asker) {
        const answer = await real.probe.statvfs(path, kind, asker);
        statvfs(path, answer);
        return answer;
      },
      async tree(path, asker) {
        const answer = await real.probe.tree(path, asker);
        trees(path, answer);
        return answer;
      },
      async read(path, asker) {
        const text = await real.probe.read(path, asker);
        save(folder, path, new TextEncoder().encode(text));
        return text;
      },
      async list(path, asker) {
        const names = await real.probe.list(path, asker);
        save(folder, join(path, "."), "");
        return names;
      },
    },
    exec: {
      ...real.exec,
      async run(argv, limits) {
        const answer = await real.exec.run(argv, limits);
        commands(argv.join(" "), answer);
        return answer;
      },
    },
  };
}

function recording(fs: HostFs, folder: string): HostFs {
  const keep = <T>(path: string, read: () => T): T => {
    const answer = read();
    if (answer !== undefined) save(folder, path, fs.readBytes(path));
    return answer;
  };
  return {
    ...fs,
    read: (path) => keep(path, () => fs.read(path)),
    readPieces: (path) => [keep(path, () => fs.read(path))],
    tryRead: (path) => keep(path, () => fs.tryRead(path)),
    readBytes: (path) => keep(path, () => fs.readBytes(path)),
    list(path) {
      const names = fs.list(path);
      save(folder, join(path, "."), "");
      return names;
    },
  };
}

function masked(text: string, secrets: readonly string[]): string {
  return secrets.filter((secret) => secret !== "").reduce(
    (all, secret) => all.replaceAll(JSON.stringify(secret).slice(1, -1), "SECRET"),
    text,
  );
}

/** What is kept of a protected file is protected too, and no link is followed. */
export function writeOwn(file: string, content: string | Uint8Array): void {
  const { O_CREAT, O_NOFOLLOW = 0, O_TRUNC, O_WRONLY } = constants;
  const descriptor = openSync(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    writeFileSync(descriptor, content);
  } finally {
    closeSync(descriptor);
  }
}

/** An empty text stands for the folder alone. */
function save(folder: string, path: string, content: string | Uint8Array): void {
  const file = join(folder, path);
  try {
    const folderOf = content === "" ? file : dirname(file);
    mkdirSync(folderOf, { recursive: true, mode: 0o700 });
    if (content !== "") writeOwn(file, content);
  } catch (error) {
    throw configError(`cannot write "${file}"`, error);
  }
}
