/** What one run has to say besides its metrics: what was refused, mended, and published twice. */
export class RunNotes {
  /** Values that were refused. */
  refused = 0;
  /** Why the first one was refused. */
  reason: string | undefined;
  /** The first series whose name or precision had to be mended. */
  mended: string | undefined;
  /** The first path that came twice. */
  doubled: string | undefined;

  begin(): void {
    this.refused = 0;
    this.reason = undefined;
    this.mended = undefined;
    this.doubled = undefined;
  }

  refuse(why: string): undefined {
    this.refused++;
    this.reason ??= why;
  }

  double(path: string): undefined {
    this.doubled ??= path;
  }
}
