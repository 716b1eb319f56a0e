/** Source: https://man7.org/linux/man-pages/man5/utmp.5.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { text } from "../../core/option.ts";

const EMPTY = 0;
const USER_PROCESS = 7;
/** ACCOUNTING */
const MAX_TYPE = 9;
const SPACE = 32;
const LINE_OFFSET = 8;
const ID_OFFSET = 40;
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

  collect({ host, options, emit, skipLine }) {
    const path = options.utmp === "" || options.utmp === "None" ? "/var/run/utmp" : options.utmp;
    const sessions = parseUtmp(
      host.fs.readBytes(path),
      (what) => skipLine({ source: path, line: () => what }),
    );
    let total = 0;
    for (const [user, count] of sessions) {
      total += count;
      emit("{user}", count, user);
    }
    emit("total", total);
  },
});

/** Sessions by user. Throws `bad-data` where nothing of it is a record. */
export function parseUtmp(
  bytes: Uint8Array,
  skip: (what: string) => void = () => {},
): Map<string, number> {
  const length = recordBytes(bytes);
  const sessions = new Map<string, number>();
  let good = 0;
  let at = 0;
  for (; at + length <= bytes.length; at += length) {
    if (!isRecord(bytes, at)) {
      skip(`the record at ${at}`);
      continue;
    }
    good++;
    const user = bytes[at] === USER_PROCESS ? userAt(bytes, at) : "";
    if (user !== "") sessions.set(user, (sessions.get(user) ?? 0) + 1);
  }
  // A crash or a full disk has cut the last one.
  if (at < bytes.length) {
    skip(`the last ${bytes.length - at} bytes, less than a record of ${length}`);
  }
  if (good === 0 && bytes.length > 0) {
    throw badData(`A file of ${bytes.length} bytes has no records of utmp`);
  }
  return sessions;
}

function userAt(bytes: Uint8Array, at: number): string {
  const field = bytes.subarray(at + USER_OFFSET, at + USER_OFFSET + USER_LENGTH);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** The length that fits more of the records: one divides many files that are made of the other. */
function recordBytes(bytes: Uint8Array): number {
  const fits = (length: number) => {
    let count = 0;
    for (let at = 0; at + length <= bytes.length; at += length) {
      // Nothing but zeros is a record of any length.
      if (!isRecord(bytes, at)) count -= 1;
      else if (bytes[at] !== EMPTY) count += 1;
    }
    return count;
  };
  return fits(WIDE_RECORD_BYTES) > fits(RECORD_BYTES) ? WIDE_RECORD_BYTES : RECORD_BYTES;
}

/** Type and padding, then texts: a line, an id, a user. */
function isRecord(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] > MAX_TYPE || bytes[at + 1] !== 0) return false;
  return bytes[at] === EMPTY || isText(bytes.subarray(at + LINE_OFFSET, at + ID_OFFSET)) &&
      isText(bytes.subarray(at + USER_OFFSET, at + USER_OFFSET + USER_LENGTH));
}

function isText(field: Uint8Array): boolean {
  const end = field.indexOf(0);
  return field.every((byte, index) => (end >= 0 && index >= end) || byte >= SPACE);
}
