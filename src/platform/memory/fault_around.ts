/**
 * Lets pages of the program's file come into memory one by one. The kernel maps fifteen neighbours of a page that is
 * touched, three quarters of which this program never uses. It does not where a range is watched for writes, which
 * here never come. Without effect before Linux 6.7, and where a sandbox forbids it.
 * Source: userfaultfd(2), ioctl_userfaultfd(2), https://www.kernel.org/doc/html/latest/admin-guide/mm/userfaultfd.html
 */

import process from "node:process";
import { libc } from "../runtime/libc.ts";

/** First byte, and the one behind the last. */
export type Range = readonly [from: bigint, to: bigint];

/** The number of the call, by architecture. */
const USERFAULTFD: Readonly<Record<string, number>> = { x64: 323, arm64: 282 };
/** Not inherited by children; for what this program does itself, which everybody may ask for. */
const FLAGS = 0o2000000 | 1;
const API = 0xaan;
/** The kernel notes writes and halts no thread: the one mode of watching that allows memory of a file. */
const WRITES_UNATTENDED = 1n << 15n;
const WATCH_WRITES = 2n;
const ASK_FOR_API = 0xc018aa3f;
const REGISTER = 0xc020aa00;

/** For as long as this process lives. */
export function mapSinglePages(ranges: readonly Range[]): void {
  const number = USERFAULTFD[process.arch];
  const kernel = number === undefined ? undefined : libc({
    syscall: { args: ["i64", "u64"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  const descriptor = kernel?.syscall(number, FLAGS) ?? -1;
  if (kernel === undefined || descriptor < 0) return;
  const isOld = kernel.ioctl(
    descriptor,
    ASK_FOR_API,
    new BigUint64Array([API, WRITES_UNATTENDED, 0n]),
  ) !== 0;
  if (isOld) {
    kernel.close(descriptor);
    return;
  }
  for (const [from, to] of ranges) {
    kernel.ioctl(descriptor, REGISTER, new BigUint64Array([from, to - from, WATCH_WRITES, 0n]));
  }
}
