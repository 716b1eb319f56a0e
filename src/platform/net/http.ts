/**
 * One HTTP request and its answer. node:http rather than fetch: own authorities, client certificates
 * and another server name are the same there in every runtime. Nothing is followed, nothing is cached.
 * The modules are got when they are first needed: they cost some megabytes of memory.
 */

import { Buffer } from "node:buffer";
import { foreignPeer } from "../../formats/peer_looks.ts";
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Agent as SecureAgent, RequestOptions } from "node:https";
import { badData, codeOf, messageOf, timedOut, undelivered } from "../../core/errors.ts";
import { hide } from "../../core/secrets.ts";
import type { HttpRequest, HttpResponse } from "../../ports/http.ts";
import type { Net } from "../../ports/net.ts";
import { buildInfo } from "../runtime/build_info.ts";
import { http, https, zlib } from "../runtime/node_modules.ts";
import { digestAuthorization } from "./digest_auth.ts";
import { secureContext } from "./tls.ts";

/** Of an answer: enough for an error's text and its list of points. */
const MAX_BODY_BYTES = 1_048_576;
/** A server may close an idle connection at any time: a new one costs less than a lost request. */
const KEEP_MS = 4000;
const USER_AGENT = `diamond-agent/${buildInfo.version}`;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Connections are kept for the next request to the same server. */
export function createRequester(): Net["request"] {
  let agents: { readonly plain: Agent; readonly secure: SecureAgent } | undefined;
  const once = (asked: HttpRequest, signal: AbortSignal, authorization?: string) => {
    const kept = { keepAlive: true, keepAliveMsecs: KEEP_MS, timeout: KEEP_MS };
    agents ??= { plain: new (http().Agent)(kept), secure: new (https().Agent)(kept) };
    const isSecure = new URL(asked.url).protocol === "https:";
    return ask(asked, signal, isSecure ? agents.secure : agents.plain, authorization);
  };
  return async function request(asked, signal): Promise<HttpResponse> {
    let answer = await once(asked, signal);
    const challenge = answer.headers["www-authenticate"] ?? "";
    if (answer.status === 401 && asked.login?.digest && /^digest /i.test(challenge)) {
      answer = await once(asked, signal, digestAuthorization(asked, asked.login, challenge));
    }
    const { redirects = 0 } = asked;
    const { location } = answer.headers;
    const isRedirect = location !== undefined && REDIRECTS.includes(answer.status);
    return isRedirect && redirects > 0
      ? await request(redirected(asked, location), signal)
      : answer;
  };
}

/** Some servers say again what they were sent: the header of Basic auth is as secret as the password. */
function hideLogin(login: string): void {
  if (!login.endsWith(":")) hide(Buffer.from(login).toString("base64"));
}

/** A login goes to the server that it is for, and to no other one. */
function redirected(asked: HttpRequest, location: string): HttpRequest {
  const from = new URL(asked.url);
  const to = new URL(location, from);
  const { login, redirects = 0, ...rest } = asked;
  return {
    ...rest,
    url: to.href,
    redirects: redirects - 1,
    ...(to.origin === from.origin && { login }),
  };
}

function ask(
  request: HttpRequest,
  signal: AbortSignal,
  agent: Agent | SecureAgent,
  authorization?: string,
): Promise<HttpResponse> {
  const url = new URL(request.url);
  const isSecure = url.protocol === "https:";
  const { body, headers } = packed(request);
  const { login, socket, maxBytes } = request;
  const where = socket ?? url.origin;
  const options: RequestOptions = {
    method: request.method,
    headers: { "user-agent": USER_AGENT, ...headers, ...(authorization && { authorization }) },
    // A kept connection belongs to a host and port.
    ...(socket === undefined ? { agent } : { socketPath: socket, agent: false }),
    ...(login && !login.digest && { auth: `${login.user}:${login.password}` }),
    ...(isSecure && request.tls && {
      ...secureContext(request.tls),
      ...(request.tls.serverName && { servername: request.tls.serverName }),
    }),
  };
  hideLogin(options.auth ?? `${url.username}:${url.password}`);
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = (isSecure ? https() : http()).request(url, options, (answer) => {
      collect(answer, where, maxBytes).then(resolve, fail).finally(() =>
        signal.removeEventListener("abort", onAbort)
      );
    });
    const fail = (error: unknown) => {
      signal.removeEventListener("abort", onAbort);
      asked.destroy();
      if (codeOf(error) !== undefined) return reject(error);
      const looks = foreignPeer(isSecure ? "TLS" : "HTTP", faultOf(error));
      const what = request.method === "GET" ? "cannot ask" : "cannot send to";
      reject(undelivered(looks ? `${where} ${looks}` : `${what} ${where}`, error));
    };
    const onAbort = () => {
      reject(timedOut(`${where} did not answer in time`));
      asked.destroy();
    };
    asked.on("error", fail);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    asked.end(body);
  });
}

function faultOf(error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  return `${code} ${messageOf(error)}`;
}

function packed({ body, gzip = 0, headers }: HttpRequest) {
  if (body === undefined) return { body, headers };
  const bytes = gzip > 0 ? zlib().gzipSync(body, { level: gzip }) : body;
  return {
    body: bytes,
    headers: {
      ...headers,
      "content-length": String(bytes.length),
      ...(gzip > 0 && { "content-encoding": "gzip" }),
    },
  };
}

function collect(
  answer: IncomingMessage,
  where: string,
  maxBytes: number | undefined,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    answer.on("data", (chunk: Uint8Array) => {
      if (bytes < (maxBytes ?? MAX_BODY_BYTES)) chunks.push(chunk);
      bytes += chunk.length;
      if (maxBytes !== undefined && bytes > maxBytes) {
        reject(badData(`${where} answers with more than ${maxBytes} bytes`));
      }
    });
    answer.on("error", reject);
    answer.on("aborted", () => reject(new Error("the answer broke off")));
    answer.on("end", () => {
      const headers = Object.entries(answer.headers).map(([name, value]) => [name, `${value}`]);
      resolve({
        status: answer.statusCode ?? 0,
        headers: Object.fromEntries(headers),
        body: Buffer.concat(chunks).toString("utf8", 0, maxBytes ?? MAX_BODY_BYTES),
      });
    });
  });
}
