/** Asking an HTTP server: what all collectors that do so have in common. */

import { badData } from "../core/errors.ts";
import { parseJson } from "../formats/json.ts";
import type { Host } from "../ports/host.ts";
import type { HttpRequest, HttpResponse } from "../ports/http.ts";
import { shownUrl } from "../core/secrets.ts";

type GetSettings = Partial<Omit<HttpRequest, "url">>;

/** A longer answer is an error. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Throws `bad-data` for any status but 2xx. */
export async function get(
  host: Host,
  url: string,
  signal: AbortSignal,
  settings: GetSettings = {},
): Promise<HttpResponse> {
  const answer = await host.net.request({
    method: "GET",
    url,
    headers: {},
    maxBytes: MAX_BYTES,
    ...settings,
  }, signal);
  if (answer.status >= 200 && answer.status < 300) return answer;
  const hint = answer.status === 401 ? ": user and password are needed, or wrong" : "";
  const failure = badData(`${shownUrl(url)} answers ${answer.status}${hint}`);
  failure.status = answer.status;
  throw failure;
}

/** The parsed body. Throws `bad-data` where it is not JSON. */
// deno-lint-ignore no-explicit-any
export async function getJson<T = any>(
  host: Host,
  url: string,
  signal: AbortSignal,
  settings?: GetSettings,
): Promise<T> {
  const { body } = await get(host, url, signal, settings);
  return parseJson<T>(body, shownUrl(url));
}

/** Basic auth, where a user is named. */
export function login(user: string, password: string): GetSettings {
  return user === "" ? {} : { login: { user, password } };
}
