/** Whether what a state file holds is what this program has written: anybody may have edited it, or a disk. */

type Fields = Readonly<Record<string, unknown>>;

/** Throws with the first part that is not as it should be. */
export function checkShape(state: unknown): void {
  if (!isRecord(state)) throw new Error("it is not an object");
  const { handlers, collectors, kept, outages = [] } = state;
  if (typeof kept !== "number") throw new Error("it has no time");
  for (const [name, ledger] of entriesOf(handlers, "handlers")) {
    if (!isLedger(ledger)) throw new Error(`the ledger of ${name} is damaged`);
  }
  for (const [name, samples] of entriesOf(collectors, "collectors")) {
    if (!isSamples(samples)) throw new Error(`the samples of ${name} are damaged`);
  }
  if (!Array.isArray(outages) || !outages.every(isOutage)) {
    throw new Error("its outages are damaged");
  }
}

function isOutage(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { handler, from, to, reason } = value;
  return typeof handler === "string" && typeof reason === "string" && isCount(from) &&
    (to === null || isCount(to));
}

function entriesOf(value: unknown, name: string): [string, unknown][] {
  if (!isRecord(value)) throw new Error(`its ${name} are damaged`);
  return Object.entries(value);
}

function isLedger(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value.dropped)) return false;
  const { dropped, clean, ...counts } = value;
  return typeof clean === "boolean" &&
    [...Object.values(dropped), ...Object.values(counts)].every(isCount);
}

function isSamples(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { series, deltas, at } = value;
  return (at === null || typeof at === "number") &&
    [series, deltas].every((samples) => Array.isArray(samples) && samples.every(isSample));
}

function isSample(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [key, number, at] = value;
  return typeof key === "string" && typeof at === "number" &&
    (typeof number === "number" || (typeof number === "string" && /^-?\d+$/.test(number)));
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
