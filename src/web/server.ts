/** The server of the page: which request is answered by what. */

import { parseParameters } from "../formats/query_string.ts";
import type { HttpServerRequest, HttpServerResponse, Listener } from "../ports/http.ts";
import type { Net } from "../ports/net.ts";
import { page, pagePolicy } from "../view/page.ts";
import { refusedAccess } from "./access.ts";
import { failed, html, refusal } from "./answers.ts";
import { apiRoutes, type Route } from "./api.ts";
import type { WebContext } from "./context.ts";

interface WebSettings {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Under which requests are answered, besides loopback's own. */
  readonly names: readonly string[];
}

/** Those that Grafana posts to. */
const FORM_PATHS = ["/render", "/render/", "/metrics/find", "/metrics/find/"];

/** Throws `undelivered` where it cannot listen. */
export function openWeb(
  net: Net,
  { host, port, token, names }: WebSettings,
  context: WebContext,
): Promise<Listener> {
  const routes: Readonly<Record<string, Route>> = {
    ...apiRoutes(context),
    "/": () => html(page, { "content-security-policy": pagePolicy }),
  };
  const at = { host, port, allowedHosts: names, isStrict: true, formPaths: FORM_PATHS };
  return net.listen(at, (request) => answer(request, routes, { token, port }));
}

async function answer(
  request: HttpServerRequest,
  routes: Readonly<Record<string, Route>>,
  guarded: { readonly token: string; readonly port: number },
): Promise<HttpServerResponse> {
  const refused = refusedAccess(request, guarded);
  if (refused !== undefined) return refused;
  const { path, query, form } = request;
  if (!Object.hasOwn(routes, path)) return refusal(404, "there is nothing here");
  try {
    return await routes[path](parseParameters(query, form));
  } catch (error) {
    return failed(error);
  }
}
