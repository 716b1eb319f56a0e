/** Asking the machine's own metadata service, which answers at once or is not there. */

import { timedOut, undelivered } from "../core/errors.ts";
import { shownUrl } from "../core/secrets.ts";
import { excerpt } from "../core/visible.ts";
import type { Host } from "../ports/host.ts";

/** Where there is none, packets to its address are often thrown away. */
const PATIENCE_MS = 2000;

/** The body of the answer. Throws `undelivered` or `timeout`. */
export async function metadata(
  host: Host,
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  method = "GET",
): Promise<string> {
  const limit = new AbortController();
  const abort = () => limit.abort(timedOut(`${shownUrl(url)} did not answer in time`));
  const cancel = host.clock.after(PATIENCE_MS, abort);
  signal.addEventListener("abort", abort, { once: true });
  try {
    const { status, body } = await host.net.request({ method, url, headers }, limit.signal);
    if (status === 200) return body;
    throw undelivered(`${shownUrl(url)} answers ${status}: ${excerpt(body.trim(), 100)}`);
  } finally {
    cancel();
    signal.removeEventListener("abort", abort);
  }
}

/** Throws `undelivered` for what is not an object. */
export function jsonAnswer<T extends object>(text: string): T {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as T;
  } catch {
    // Said below.
  }
  throw undelivered(`the answer is not JSON: "${excerpt(text.trim(), 100)}"`);
}
