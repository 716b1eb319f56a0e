/** Source: https://man7.org/linux/man-pages/man5/utmp.5.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { text } from "../../core/option.ts";

const USER_PROCESS = 7;
const USER_OFFSET = 44;
const USER_LENGTH = 32;
/** Of x86 and 32-bit systems; other 64-bit ones have wider times. */
const RECORD_BYTES = 384;
const WIDE_RECORD_BYTES = 400;

export default defineCollector({
  name: "UsersCollector",
  doc: "Users that are logged in, and their sessions",
  path: "users",
  sources: ["/var/run/utmp"],
  options: { utmp: text("/var/run/utmp", "The file of logins") },
  metrics: {
    total: gauge("Sessions"),
    "{user}": gauge("Sessions of a user"),
  },

  collect({ host, options, emit }) {
    const path = options.utmp === "" || options.utmp === "None" ? "/var/run/utmp" : options.utmp;
    const sessions = parseUtmp(host.fs.readBytes(path));
    let total = 0;
    for (const [user, count] of sessions) {
      total += count;
      emit("{user}", count, user);
    }
    emit("total", total);
  },
});

/** Sessions by user. Throws `bad-data` where the size is not that of whole records. */
export function parseUtmp(bytes: Uint8Array): Map<string, number> {
  const length = bytes.length % RECORD_BYTES === 0 ? RECORD_BYTES : WIDE_RECORD_BYTES;
  if (bytes.length % length !== 0) {
    throw badData(`A file of ${bytes.length} bytes does not hold whole records of utmp`);
  }
  const sessions = new Map<string, number>();
  for (let at = 0; at < bytes.length; at += length) {
    if ((bytes[at] | (bytes[at + 1] << 8)) !== USER_PROCESS) continue;
    const field = bytes.subarray(at + USER_OFFSET, at + USER_OFFSET + USER_LENGTH);
    const end = field.indexOf(0);
    const user = new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
    if (user !== "") sessions.set(user, (sessions.get(user) ?? 0) + 1);
  }
  return sessions;
}
