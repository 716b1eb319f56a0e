/** What one run has to say besides its metrics: what was refused, left out, mended, and published twice. */
export class RunNotes {
  /** Values that were refused. */
  refused = 0;
  /** Why the first one was refused or left out. */
  reason: string | undefined;
  /** Values that a limit of series has left out. */
  leftOut = 0;
  /** The first series whose name or precision had to be mended. */
  mended: string | undefined;
  /** The first path that came twice. */
  doubled: string | undefined;

  begin(): void {
    this.refused = 0;
    this.leftOut = 0;
    this.reason = undefined;
    this.mended = undefined;
    this.doubled = undefined;
  }

  refuse(why: string): undefined {
    this.refused++;
    this.reason ??= why;
  }

  leaveOut(why: string): undefined {
    this.leftOut++;
    this.reason ??= why;
  }

  double(path: string): undefined {
    this.doubled ??= path;
  }
}
