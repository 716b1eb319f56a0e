/**
 * Programs that run on and print a line when they have something: each is started once, started again
 * with growing pauses when it ends, and stopped when its file is gone or has changed.
 */

import { restartPause } from "../core/restart_pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Exec, RunningCommand } from "../ports/exec.ts";

interface Program {
  readonly path: string;
  /** Another one when the file has changed. */
  readonly version: number;
}

interface PrintedLine {
  readonly text: string;
  /** Seconds since the epoch, when it came. */
  readonly at: number;
}

interface ProgramNews {
  readonly path: string;
  readonly lines: readonly PrintedLine[];
  /** Lines that there was no room for. */
  readonly lost: number;
  /** What it said on stderr since. */
  readonly said: string;
  /** Why it does not run now. */
  readonly ended?: string;
}

export interface RunningPrograms extends Disposable {
  /** Runs exactly these, and returns what came since the last call. */
  news(programs: readonly Program[]): readonly ProgramNews[];
}

interface Running {
  readonly version: number;
  command: RunningCommand | undefined;
  lines: PrintedLine[];
  bytes: number;
  lost: number;
  said: string;
  ended: string | undefined;
  started: number;
  pause: number;
  /** On the monotonic clock, when it may be started again. */
  next: number;
}

const MAX_SAID = 1000;

/** `maxBytes`: of the lines of one program that wait for the next call. */
export function createRunningPrograms(
  { exec, clock }: { exec: Exec; clock: Clock },
  maxBytes: number,
): RunningPrograms {
  const all = new Map<string, Running>();

  function begin(path: string, running: Running): void {
    running.started = clock.monotonic();
    running.ended = undefined;
    running.command = exec.start([path], {
      line(text) {
        if (running.bytes + text.length > maxBytes) {
          running.lost++;
          return;
        }
        running.bytes += text.length;
        running.lines.push({ text, at: Math.floor(clock.now() / 1000) });
      },
      said: (text) => void (running.said = (running.said + text).slice(0, MAX_SAID)),
      ended(why) {
        running.pause = restartPause(running.pause, clock.monotonic() - running.started);
        running.next = clock.monotonic() + running.pause;
        running.command = undefined;
        running.ended = `it ${why}, and is started again after ${running.pause / 1000} s`;
      },
    });
  }

  return {
    news(programs) {
      for (const [path, { version, command }] of all) {
        if (programs.some((one) => one.path === path && one.version === version)) continue;
        command?.stop();
        all.delete(path);
      }
      return programs.map(({ path, version }) => {
        const running = all.get(path) ?? {
          version,
          command: undefined,
          lines: [],
          bytes: 0,
          lost: 0,
          said: "",
          ended: undefined,
          started: 0,
          pause: 0,
          next: 0,
        };
        all.set(path, running);
        const { lines, lost, said, ended } = running;
        Object.assign(running, { lines: [], bytes: 0, lost: 0, said: "" });
        if (running.command === undefined && clock.monotonic() >= running.next) {
          begin(path, running);
        }
        return { path, lines, lost, said, ended };
      });
    },
    [Symbol.dispose]() {
      for (const { command } of all.values()) command?.stop();
      all.clear();
    },
  };
}
