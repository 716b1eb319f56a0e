/** A server under test, and what it has taken of what the agent archived. */

export interface Subject {
  /** As the table names it. */
  readonly server: string;
  /** The sections of `[handlers]` that send to it. */
  readonly sections: Readonly<Record<string, string>>;
  /** It keeps one value of a path and a second, so that nothing shows what came twice. */
  readonly overwrites?: boolean;
  /** Why points may be lost here, for all sections or by section; absent: none may. */
  readonly mayLose?: string | Readonly<Record<string, string>>;
  stop(signal: NodeJS.Signals, agentPid: number): Promise<void>;
  start(): Promise<void>;
  /** By section: the archive's lines that it has, each as often as it has it. */
  taken(archive: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>>;
  close(): Promise<void>;
}

/** Whether a stored value is that of an archive's line, which has some decimals of it. */
export function isNear(value: number | undefined, text: string): boolean {
  if (value === undefined || Number.isNaN(value)) return false;
  const decimals = text.split(".")[1]?.length ?? 0;
  return Math.abs(value - Number(text)) <= 0.501 * 10 ** -decimals + 1e-9 * Math.abs(value);
}

/** Path, value and time of an archive's line. */
export function partsOf(line: string) {
  const [path, text, time] = line.split(" ");
  return { path, text, time: Number(time) };
}

/** What the growing host's metrics are called anywhere: `eth3 rx_errors`, of paths and of names with labels. */
export function fieldOf(name: string): string {
  const [device] = /eth\d+/.exec(name) ?? [""];
  const [, unit] = /unit=(\w+)/.exec(name) ?? [];
  const [, field] = /field=(\w+)/.exec(name) ?? [];
  if (field !== undefined) return `${device} ${field}`;
  if (unit !== undefined) return `${device} ${/[rt]x/.exec(name)![0]}_${unit}`;
  return `${device} ${/[rt]x_\w+/.exec(name)?.[0] ?? ""}`;
}

export type Values = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** The lines that a store has, by `nameOf` their paths. */
export function linesIn(
  stored: Values,
  archive: readonly string[],
  nameOf: (path: string) => string,
): string[] {
  return archive.filter((line) => {
    const { path, text, time } = partsOf(line);
    return isNear(stored.get(nameOf(path))?.get(time), text);
  });
}

/** The same of a database that knows names and labels. */
export function linesByField(stored: Values, archive: readonly string[]): string[] {
  const byField = new Map([...stored].map(([name, values]) => [fieldOf(name), values]));
  return linesIn(byField, archive, fieldOf);
}

/** The lines whose values came, by a server that knows no times. `pairs`: a name and a value each. */
export function linesByValue(
  pairs: Iterable<readonly [name: string, value: number]>,
  archive: readonly string[],
  nameOf: (path: string) => string,
): string[] {
  const came = new Map<string, number[]>();
  for (const [name, value] of pairs) {
    const values = came.get(name) ?? [];
    came.set(name, values);
    values.push(value);
  }
  return archive.filter((line) => {
    const { path, text } = partsOf(line);
    return came.get(nameOf(path))?.some((value) => isNear(value, text)) ?? false;
  });
}

/** First and last second of an archive, and one more on either side. */
export function spanOf(archive: readonly string[]): [number, number] {
  let [first, last] = [Infinity, -Infinity];
  for (const line of archive) {
    const { time } = partsOf(line);
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  return [first - 1, last + 1];
}
