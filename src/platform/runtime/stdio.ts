/**
 * stdout and stderr. A program that runs for months writes its lines by Bun's own writers, since
 * process.stdout and process.stderr are streams of node's, which take most of a megabyte once they are
 * looked at. Neither waits for a reader: what a pipe does not take at once waits in memory.
 * Source: https://bun.com/docs/runtime/file-io#incremental-writing-with-filesink
 */

import { writeSync } from "node:fs";
import process from "node:process";

type Name = "stdout" | "stderr";

interface Writer {
  write(text: string): unknown;
  /** A promise where not all could be written at once. */
  flush(): unknown;
}

const DESCRIPTORS: Readonly<Record<Name, number>> = { stdout: 1, stderr: 2 };

const bun = process.platform === "win32"
  ? undefined
  : (globalThis as { Bun?: { file(descriptor: number): { writer(): Writer } } }).Bun;
const writers: Partial<Record<Name, Writer>> = {};
const streams: Partial<Record<Name, NodeJS.WriteStream>> = {};

/** Node's stream, opened when it is used first. A closed pipe (`| head`) ends it quietly. */
export function streamOf(name: Name): NodeJS.WriteStream {
  return streams[name] ??= process[name].on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" && name === "stdout") process.exit(0);
  });
}

/** Never throws: a reader that has gone needs no message. */
export function writeText(name: Name, text: string): void {
  if (bun === undefined) {
    streamOf(name).write(text);
    return;
  }
  try {
    const writer = writers[name] ??= bun.file(DESCRIPTORS[name]).writer();
    writer.write(text);
    void flush(writer);
  } catch {
    // The reader has gone.
  }
}

/** Between tries of a descriptor that takes nothing now. */
const RETRY_MS = 5;
const pausing = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes all of a text, however slowly it is read: for commands, whose output must be whole. Ends the process
 * quietly where the reader has gone. Throws the system's error for anything else, such as a full disk.
 */
export function writeWhole(name: Name, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(DESCRIPTORS[name], bytes, at, bytes.length - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") throw error;
      Atomics.wait(pausing, 0, 0, RETRY_MS);
    }
  }
}

/** Text written so far is out when this resolves: exiting does not wait for pipes. */
export async function flushed(name: Name): Promise<void> {
  const [writer, stream] = [writers[name], streams[name]];
  if (writer !== undefined) await flush(writer);
  if (stream !== undefined) await new Promise<void>((resolve) => stream.write("", () => resolve()));
}

async function flush(writer: Writer): Promise<void> {
  try {
    await writer.flush();
  } catch {
    // As above.
  }
}
