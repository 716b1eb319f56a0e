/**
 * The whole screen and each key, for as long as a program needs them. Whatever ends the program (a signal, an error,
 * the terminal's end) the terminal is as it was. Sequences: xterm's, which all terminals of today know.
 * Source: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */

import { constants } from "node:os";
import process from "node:process";
import type { FullScreen, ScreenEvents } from "../../ports/terminal.ts";
import { writeWhole } from "../runtime/stdio.ts";

/** The other screen, no cursor, no line that goes on in the next one. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
/** It is cleared first: tmux would leave some of it behind where the window has grown. */
const LEAVE = "\x1b[0m\x1b[2J\x1b[?7h\x1b[?25h\x1b[?1049l";
const ENDS = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const;
/** A shell adds the signal's number to this. */
const SIGNAL_STATUS = 128;
/** Of a terminal that does not say. */
const [COLUMNS, ROWS] = [80, 24];

/** The terminal as the program has it, and as the shell does. */
class Modes {
  isOurs = false;

  enter(): void {
    this.isOurs = true;
    process.stdin.setRawMode(true);
    writeWhole("stdout", ENTER);
  }

  leave(): void {
    if (!this.isOurs) return;
    this.isOurs = false;
    try {
      writeWhole("stdout", LEAVE);
      process.stdin.setRawMode(false);
    } catch {
      // The terminal has gone.
    }
  }
}

function openFullScreen({ typed, changed }: ScreenEvents): FullScreen {
  const { stdin } = process;
  const modes = new Modes();
  const leave = () => modes.leave();

  function write(text: string): void {
    try {
      writeWhole("stdout", text);
    } catch {
      end("SIGHUP");
    }
  }

  /** Ends as the signal would have ended it. */
  function end(signal: NodeJS.Signals): void {
    release();
    process.kill(process.pid, signal);
    // Where the runtime still catches the signal.
    process.exit(SIGNAL_STATUS + constants.signals[signal]);
  }

  /** The error goes to the screen that stays. */
  function crash(error: unknown): void {
    release();
    writeWhole("stderr", `${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  }

  function stop(): void {
    if (process.platform === "win32") return;
    leave();
    // This one cannot be caught, so the process stops here.
    process.kill(process.pid, "SIGSTOP");
  }

  function goOn(): void {
    if (!modes.isOurs) modes.enter();
    changed();
  }

  const hangUp = () => end("SIGHUP");
  const unlisten = listen({
    exit: leave,
    ...{ SIGWINCH: changed, SIGCONT: goOn, SIGTSTP: stop },
    ...{ uncaughtException: crash, unhandledRejection: crash },
    ...Object.fromEntries(ENDS.map((signal) => [signal, () => end(signal)])),
  });

  function release(): void {
    leave();
    unlisten();
    stdin.off("data", typed);
    stdin.off("end", hangUp);
    stdin.pause();
  }

  stdin.setEncoding("utf8");
  stdin.on("data", typed);
  stdin.on("end", hangUp);
  modes.enter();
  return {
    get columns() {
      return sizeOf()[0];
    },
    get rows() {
      return sizeOf()[1];
    },
    write,
    stop,
    [Symbol.dispose]: release,
  };
}

function sizeOf(): readonly [columns: number, rows: number] {
  const [columns, rows] = process.stdout.getWindowSize?.() ?? [];
  return [columns || COLUMNS, rows || ROWS];
}

/** Calls back for events of this process until the returned function is called. */
function listen(acts: Readonly<Record<string, (error: unknown) => void>>): () => void {
  for (const [event, act] of Object.entries(acts)) {
    try {
      process.on(event, act);
    } catch {
      // Windows does not have all of these signals.
    }
  }
  return () => {
    for (const [event, act] of Object.entries(acts)) process.off(event, act);
  };
}

/** A terminal that shows more than ASCII: what the C library takes from the same variables. Linux' console has no such font. */
function speaksUnicode({ LC_ALL, LC_CTYPE, LANG, TERM }: NodeJS.ProcessEnv): boolean {
  if (process.platform === "win32") return true;
  return TERM !== "linux" && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

export const screenPort = {
  /** A terminal that can move its cursor, with a keyboard. */
  get isThere() {
    return process.stdin.isTTY === true && process.stdout.isTTY === true &&
      process.env.TERM !== "dumb";
  },
  get unicode() {
    return speaksUnicode(process.env);
  },
  open: openFullScreen,
};
