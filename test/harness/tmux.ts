/** A terminal whose screen can be read: tmux, with a server of its own. */

import { spawnSync } from "node:child_process";
import process from "node:process";

export const noTmux = spawnSync("tmux", ["-V"]).status === 0 ? false : "tmux is not installed";

export interface Pane {
  /** What is on the screen, a line each, without blanks at the end. */
  screen(): string;
  /** The same with the sequences of colours. */
  painted(): string;
  /** Keys by tmux's names: `q`, `Enter`, `C-c`. */
  press(...keys: readonly string[]): void;
  /** Text as it stands. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** The program has the second screen of the terminal. */
  readonly isAlternate: boolean;
  close(): void;
}

/** A shell at a prompt, in an environment with nothing in it but these variables. */
export function openPane(
  columns: number,
  rows: number,
  env: Readonly<Record<string, string>> = {},
): Pane {
  const name = `diamond-agent-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const tmux = (...args: readonly string[]) => {
    const { stdout } = spawnSync("tmux", ["-L", name, "-f", "/dev/null", ...args], {
      encoding: "utf8",
      env: { PATH: process.env.PATH!, LC_ALL: "C.UTF-8" },
    });
    return stdout ?? "";
  };
  const variables = Object.entries({ LC_ALL: "C.UTF-8", PS1: "$ ", ...env }).map(([key, value]) =>
    `${key}='${value}'`
  );
  const shell = `exec env ${variables.join(" ")} sh`;
  tmux("new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, shell);
  return {
    screen: () => tmux("capture-pane", "-p").replace(/[ \t]+$/gm, "").trimEnd(),
    painted: () => tmux("capture-pane", "-pe"),
    press: (...keys) => void tmux("send-keys", ...keys),
    type: (text) => void tmux("send-keys", "-l", text),
    resize: (width, height) => void tmux("resize-window", "-x", `${width}`, "-y", `${height}`),
    get isAlternate() {
      return tmux("display", "-p", "#{alternate_on}").trim() === "1";
    },
    close: () => void tmux("kill-server"),
  };
}
