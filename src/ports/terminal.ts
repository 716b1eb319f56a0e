/** A terminal that a program has to itself for a while: its whole screen, and each key as it is pressed. */

export interface FullScreen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  /** Gives the terminal back and stops this process, as Ctrl-Z does; goes on when it is continued. */
  stop(): void;
}

export interface ScreenEvents {
  /** What was typed, as the terminal sends it. */
  typed(text: string): void;
  /** It has another size, or was away: all of it has to be drawn again. */
  changed(): void;
}
