/** How far a long piece of work is: a bar for people, a line now and then for logs. */

import type { Terminal } from "./world.ts";

interface Progress {
  /** `part` is between 0 and 1, or undefined if unknown. */
  show(part: number | undefined, what: string): void;
  end(what: string): void;
}

const WIDTH = 24;
const TERMINAL_MS = 200;
const LOG_MS = 10_000;

export function createProgress(terminal: Terminal, now: () => number): Progress {
  let shown = now();
  const clear = terminal.isTerminal ? "\r\x1b[K" : "";
  return {
    show(part, what) {
      if (now() - shown < (terminal.isTerminal ? TERMINAL_MS : LOG_MS)) return;
      shown = now();
      const done = Math.round((part ?? 0) * WIDTH);
      const bar = part === undefined
        ? ""
        : `[${"#".repeat(done)}${".".repeat(WIDTH - done)}] ${Math.floor(part * 100)} %  `;
      terminal.write(`${clear}${bar}${what}${terminal.isTerminal ? "" : "\n"}`);
    },
    end: (what) => terminal.write(`${clear}${what}\n`),
  };
}
