/** Questions that several discoveries ask. They never throw: no answer is an answer. */

import { messageOf } from "../../core/errors.ts";
import type { HttpRequest, HttpResponse } from "../../ports/http.ts";
import type { Address } from "../../ports/net.ts";
import { Conversation } from "../../protocols/conversation.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import type { Endpoint, Place } from "./place.ts";

export interface Page {
  readonly url: string;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly answer: HttpResponse;
}

/** The answers of each path at each endpoint, one after the other. */
export async function* pages(
  { host, signal }: Place,
  endpoints: readonly Endpoint[],
  paths: readonly string[],
  settings: Partial<HttpRequest> = {},
): AsyncGenerator<Page> {
  for (const endpoint of endpoints) {
    for (const path of paths) {
      const url = baseUrl(false, endpoint.host, endpoint.port) + path;
      const asked = { method: "GET", url, headers: {}, ...settings };
      try {
        yield { url, endpoint, path, answer: await host.net.request(asked, signal) };
      } catch {
        break;
      }
    }
  }
}

/** The first page that is what a collector reads; otherwise the answers that there were. */
export async function findPage(
  all: AsyncIterable<Page>,
  isIt: (answer: HttpResponse) => boolean,
): Promise<{ readonly page?: Page; readonly others: readonly Page[] }> {
  const others: Page[] = [];
  for await (const page of all) {
    if (page.answer.status === 200 && isIt(page.answer)) return { page, others };
    others.push(page);
  }
  return { others };
}

/** What a peer says first, or to a question; `error` where it does not. */
export async function said(
  { host, signal }: Place,
  to: Address,
  question: string | Uint8Array,
  bytes = 1,
): Promise<{ readonly text: string; readonly error: string }> {
  try {
    using peer = await Conversation.open(host, to, signal);
    if (question.length > 0) await peer.send(question);
    const answer = await peer.bytes(bytes);
    return { text: String.fromCharCode(...answer), error: "" };
  } catch (error) {
    return { text: "", error: messageOf(error) };
  }
}
