/** Which collectors make sense on this host: all questions at once, within one deadline. */

import type { Host } from "../../ports/host.ts";
import { answers } from "./answers.ts";
import { apis } from "./apis.ts";
import { daemons } from "./daemons.ts";
import { databases } from "./databases.ts";
import { files } from "./files.ts";
import { hardware } from "./hardware.ts";
import { kernel } from "./kernel.ts";
import { type Discovery, type Found, placeOf } from "./place.ts";
import { programs } from "./programs.ts";
import { web } from "./web.ts";

const DEADLINE_MS = 2000;
/** For what was cut off to say so. */
const GRACE_MS = 200;

export interface Discovered extends Found {
  readonly collector: string;
}

const ofHost: readonly Discovery[] = [...kernel, ...hardware];
const services: readonly Discovery[] = [
  ...[...web, ...apis, ...databases, ...answers],
  ...[...daemons, ...programs, ...files],
];
const all = [...ofHost, ...services];

/** Of the host itself; all others are services. */
export function isOfHost({ collector }: Discovered): boolean {
  return ofHost.some((one) => one.collector === collector);
}

/** In the order of the tables. What does not answer in time is not there. */
export async function discover(host: Host, tables = all): Promise<readonly Discovered[]> {
  const deadline = new AbortController();
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const cancels = [
    host.clock.after(DEADLINE_MS - GRACE_MS, () => deadline.abort()),
    host.clock.after(DEADLINE_MS, () => resolve(undefined)),
  ];
  const place = placeOf(host, deadline.signal);
  const found = await Promise.all(tables.map(async ({ collector, discover: look }) => {
    // One table's mistake is not to hide what the others find.
    const looking = (async () => await look(place))().catch(() => undefined);
    const one = await Promise.race([looking, late]);
    return one === undefined ? [] : [{ collector, ...one }];
  }));
  for (const cancel of cancels) cancel();
  return found.flat();
}
