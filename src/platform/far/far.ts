/** Which process works on a file: this one, or, where its file system can hang, another one. */

import process from "node:process";
import { codeOf } from "../../core/errors.ts";
import { realClock } from "../clock.ts";
import { hangingMount } from "../fs/mount_kinds.ts";
import { createProbeProcess } from "../fs/probe_process.ts";
import { once } from "../runtime/once.ts";
import { selfCommand } from "../runtime/self_command.ts";
import type { SilenceListener } from "../../ports/local_files.ts";
import { createFar, type Far } from "./far_process.ts";
import { hasPipes } from "./pipes.ts";
import { FAR_WORD } from "./word.ts";

const probe = once(() => createProbeProcess(realClock));
const never = new AbortController().signal;
const byPoint = new Map<string, Far>();
const listeners: SilenceListener[] = [];
const silences = new Map<string, Promise<void>>();
const isFarItself = process.argv[2] === FAR_WORD;

/** The process for a path that leads to a file system which can hang; undefined where this one does it itself. */
export function farFor(path: string): Far | undefined {
  const mount = isFarItself ? undefined : hangingMount(path);
  if (mount === undefined || !hasPipes()) return undefined;
  const { point } = mount;
  let far = byPoint.get(point);
  if (far === undefined) {
    const command = [...selfCommand(), FAR_WORD];
    byPoint.set(
      point,
      far = createFar({
        point,
        command,
        answers: () => answers(point),
        silent: (over) => silent(point, over),
      }),
    );
  }
  return far;
}

/** Throws `timeout` where the file system of a path does not answer now. */
export function askFirst(path: string): void {
  farFor(path)?.call("ask", path);
}

/** All of them, such as to become the user that this process becomes. */
export function everyFar(): Iterable<Far> {
  return byPoint.values();
}

/** Tells of each file system that does not answer, also of those that do not already. */
export function onSilence(tell: SilenceListener): void {
  listeners.push(tell);
  for (const [point, over] of silences) tell(point, over);
}

function silent(point: string, over: Promise<void>): void {
  silences.set(point, over);
  void over.then(() => silences.delete(point));
  for (const tell of listeners) tell(point, over);
}

/** A refusal is an answer, too. */
function answers(point: string): Promise<boolean> {
  return probe().ask("statvfs", point, never).then(
    () => true,
    (error: unknown) => codeOf(error) !== "timeout",
  );
}
