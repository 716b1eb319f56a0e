/** Takes in what programs post over HTTP: bodies are unpacked here, within their bound. */

import { messageOf } from "../../core/errors.ts";
import type { HttpServerResponse } from "../../ports/http.ts";
import type { HttpInbox, PostAddress, PostReceiver } from "../../ports/net.ts";
import { zlib } from "../runtime/node_modules.ts";
import { plain } from "./http_message.ts";
import { foreign, serveHttp } from "./http_server.ts";

export async function httpInbox(at: PostAddress, receiver: PostReceiver): Promise<HttpInbox> {
  const { host, port, paths, maxBytes } = at;
  const refuse = (response: HttpServerResponse) => {
    receiver.refused(response.body.trim());
    return response;
  };
  const listener = await serveHttp(at, {
    rules: { paths, maxBytes, kind: "body", inChunks: true },
    refused: (reason) => receiver.refused(reason),
    respond({ head, body }) {
      const { method, path, query, headers } = head;
      const refused = foreign(head.host, { host, port }) ?? fromPage(headers.origin);
      if (refused !== undefined) return Promise.resolve(refuse(refused));
      const unpacked = unpack(body, headers["content-encoding"] ?? "", maxBytes);
      if ("status" in unpacked) return Promise.resolve(refuse(unpacked));
      try {
        const request = { method: method as "POST", path, query, headers, body: unpacked };
        return Promise.resolve(receiver.take(request));
      } catch (error) {
        return Promise.resolve(refuse(plain(500, `The agent cannot answer: ${messageOf(error)}`)));
      }
    },
  });
  return { take() {}, [Symbol.dispose]: () => void listener.close() };
}

/** A page of any site may post to this machine with its visitor's browser, which then says whose page it is. */
function fromPage(origin: string | undefined): HttpServerResponse | undefined {
  return origin === undefined ? undefined : plain(403, "Nothing is taken from a browser's page");
}

function unpack(
  body: Uint8Array,
  coding: string,
  maxOutputLength: number,
): Uint8Array | HttpServerResponse {
  const name = coding.trim().toLowerCase();
  if (body.length === 0 || name === "" || name === "identity") return body;
  if (name !== "gzip" && name !== "deflate") {
    return plain(415, `The encoding "${name.slice(0, 40)}" is not taken: gzip and deflate are`);
  }
  try {
    return name === "gzip"
      ? zlib().gunzipSync(body, { maxOutputLength })
      : zlib().inflateSync(body, { maxOutputLength });
  } catch (error) {
    const isLong = error instanceof Error && "code" in error &&
      error.code === "ERR_BUFFER_TOO_LARGE";
    return isLong
      ? plain(413, "The body is too long when it is unpacked")
      : plain(400, `The body is not ${name}`);
  }
}
