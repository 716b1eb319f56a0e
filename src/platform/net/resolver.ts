/**
 * Addresses of names, by the system's resolver. It works on a few names at a time, so a name that is never
 * answered can hold up all others: a name is asked for once at a time, and one that was known is used again.
 */

import { dns } from "../runtime/node_modules.ts";

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** `family`: 4, 6, or 0 for both. Rejects with the resolver's error. Without an earlier answer it may never settle. */
type Lookup = (host: string, family: number) => Promise<Address[]>;

/** How long a question may take before the last answer is used. */
const GRACE_MS = 1000;
const MAX_NAMES = 256;

export const lookup: Lookup = createLookup((host, family) =>
  dns().lookup(host, { all: true, family, order: "verbatim" })
);

export function createLookup(resolve: Lookup, graceMs = GRACE_MS): Lookup {
  const asked = new Map<string, Promise<Address[]>>();
  const answers = new Map<string, Address[]>();

  function ask(key: string, host: string, family: number): Promise<Address[]> {
    const answer = resolve(host, family);
    asked.set(key, answer);
    answer.then((addresses) => {
      if (answers.size >= MAX_NAMES) answers.clear();
      if (addresses.length > 0) answers.set(key, addresses);
    }, () => answers.delete(key)).finally(() => asked.delete(key));
    return answer;
  }

  return async (host, family) => {
    const key = `${family} ${host}`;
    const answer = asked.get(key) ?? ask(key, host, family);
    const earlier = answers.get(key);
    if (earlier === undefined) return await answer;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Address[]>((done) => {
      timer = setTimeout(() => done(earlier), graceMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
