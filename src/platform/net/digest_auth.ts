/** Digest authentication of HTTP. Source: RFC 7616 */

import { badData } from "../../core/errors.ts";
import type { HttpRequest, Login } from "../../ports/http.ts";
import { crypto } from "../runtime/node_modules.ts";

const HASHES: Readonly<Record<string, string>> = { "md5": "md5", "sha-256": "sha256" };

/** The header that answers a challenge. Throws `bad-data` for a kind of challenge that is not known. */
export function digestAuthorization(
  { method, url }: HttpRequest,
  { user, password }: Login,
  challenge: string,
): string {
  const given = fieldsOf(challenge);
  const { realm = "", nonce = "", opaque, algorithm = "MD5" } = given;
  const name = HASHES[algorithm.toLowerCase()];
  if (name === undefined) throw badData(`the server asks for ${algorithm}, which is not supported`);
  const hash = (text: string) => crypto().createHash(name).update(text).digest("hex");
  const { pathname, search } = new URL(url);
  const uri = pathname + search;
  const secrets = [hash(`${user}:${realm}:${password}`), hash(`${method}:${uri}`)];
  const hasQuality = /\bauth\b/.test(given.qop ?? "");
  const [count, client] = ["00000001", crypto().randomBytes(8).toString("hex")];
  const response = hasQuality
    ? hash([secrets[0], nonce, count, client, "auth", secrets[1]].join(":"))
    : hash([secrets[0], nonce, secrets[1]].join(":"));
  return `Digest ${
    [
      `username="${user.replace(/["\\]/g, "\\$&")}"`,
      `realm="${realm}"`,
      `nonce="${nonce}"`,
      `uri="${uri}"`,
      `algorithm=${algorithm}`,
      `response="${response}"`,
      ...(hasQuality ? [`qop=auth`, `nc=${count}`, `cnonce="${client}"`] : []),
      ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ].join(", ")
  }`;
}

/** `realm="a", nonce=b` as an object. */
function fieldsOf(challenge: string): Record<string, string | undefined> {
  const fields = challenge.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g);
  return Object.fromEntries([...fields].map(([, name, quoted, bare]) => [name, quoted ?? bare]));
}
