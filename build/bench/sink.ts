/** A receiver that counts, in C: reading its counters costs it nothing. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Counters {
  readonly lines: number;
  readonly bytes: number;
  readonly reads: number;
  readonly connections: number;
  /** When the first line came, in milliseconds since the epoch. */
  readonly first: number;
}

export interface Sink {
  readonly port: number;
  counters(): Counters;
  /** Only while no peer sends. */
  reset(): void;
  end(): void;
}

const FIELDS = 5;

/** Compiles one of the C programs here. Throws where there is no compiler. */
export function compileC(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true });
  const program = join(folder, name);
  const source = join(import.meta.dirname!, `${name}.c`);
  const { status, stderr } = spawnSync("gcc", ["-O2", "-o", program, source], { encoding: "utf8" });
  if (status !== 0) throw new Error(`Cannot compile ${source}: ${stderr ?? "there is no gcc"}`);
  return program;
}

export async function startSink(folder: string, port: number): Promise<Sink> {
  const file = join(folder, `sink-${port}.counters`);
  const child: ChildProcess = spawn(compileC(folder, "sink"), [String(port), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(() => {
    throw new Error(`The sink cannot listen at port ${port}`);
  });
  await Promise.race([once(child.stdout!, "data"), ended]);
  ended.catch(() => {});
  return {
    port,
    counters() {
      const view = new DataView(new Uint8Array(readFileSync(file)).buffer);
      const [lines, bytes, reads, connections, first] = Array.from(
        { length: FIELDS },
        (_, at) => Number(view.getBigUint64(at * 8, true)),
      );
      return { lines, bytes, reads, connections, first: first / 1e6 };
    },
    reset: () => writeFileSync(file, new Uint8Array(FIELDS * 8), { flag: "r+" }),
    end: () => void child.kill("SIGTERM"),
  };
}
