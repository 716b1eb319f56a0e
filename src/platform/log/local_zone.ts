/**
 * This machine's time zone, asked of the C library: the runtime takes two megabytes for its own table of all
 * zones once it is asked for one hour of local time, and ten milliseconds of the start. Where the C library is
 * out of reach, the runtime is asked.
 * Source: localtime_r(3), which looks at TZ and at /etc/localtime; struct tm in tm(3type).
 */

import type { Zone } from "../../formats/strftime.ts";
import { libc } from "../runtime/libc.ts";
import { once } from "../runtime/once.ts";

/** Of 64-bit systems, in words: glibc's and musl's struct tm with, in the sixth, the seconds ahead of UTC. */
const TM_WORDS = 7;
const SECONDS_AHEAD = 5;

const seconds = new BigInt64Array(1);
const fields = new BigInt64Array(TM_WORDS);
const kernel = once(() => libc({ localtime_r: { args: ["ptr", "ptr"], returns: "ptr" } }));

export const localZone: Zone = (time) => {
  seconds[0] = BigInt(Math.floor(time / 1000));
  if (kernel()?.localtime_r(seconds, fields)) return Number(fields[SECONDS_AHEAD]) / 60;
  return 0 - new Date(time).getTimezoneOffset();
};
