/** An HTTP request as its bytes arrive, with bounds on head and body. */

import { parseRequestHead, type RequestHead } from "./http_head.ts";

const MAX_HEAD_BYTES = 16_384;
const MAX_FORM_BYTES = 65_536;
const HEAD_END = "\r\n\r\n";
const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/** Why a request is not answered. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

export interface ReceivedRequest {
  readonly head: RequestHead;
  /** A character for each byte. */
  readonly form: string;
}

interface RequestReader {
  /** More of it, a character for each byte. Undefined until the request is complete or refused. */
  take(text: string): ReceivedRequest | Refusal | undefined;
  /** The peer waits for a word before it sends its form. */
  readonly awaitsContinue: boolean;
}

/** `formPaths`: those to which a form may be posted. */
export function createRequestReader(formPaths: readonly string[]): RequestReader {
  let text = "";
  let head: RequestHead | undefined;
  let length = 0;

  function takeHead(): Refusal | undefined {
    const end = text.indexOf(HEAD_END);
    if (end < 0 || end > MAX_HEAD_BYTES) {
      return text.length >= MAX_HEAD_BYTES ? refusal(431, "The head is too long") : undefined;
    }
    const parsed = parseRequestHead(text.slice(0, end));
    if (parsed === undefined) return refusal(400, "That is not an HTTP request");
    const { method, path, headers } = parsed;
    const isForm = method === "POST" && formPaths.includes(path);
    if (method !== "GET" && method !== "HEAD" && !isForm) return refusal(405, "Only GET");
    if (isForm) {
      if (!FORM.test(headers["content-type"] ?? "")) return refusal(415, "Only a form");
      if (!/^\d{1,9}$/.test(headers["content-length"] ?? "")) {
        return refusal(411, "A form needs its length");
      }
      length = Number(headers["content-length"]);
      if (length > MAX_FORM_BYTES) return refusal(413, "The form is too long");
    }
    head = parsed;
    text = text.slice(end + HEAD_END.length);
    return undefined;
  }

  return {
    take(more) {
      text += more.slice(0, MAX_HEAD_BYTES + MAX_FORM_BYTES);
      const refused = head === undefined ? takeHead() : undefined;
      if (refused !== undefined) return refused;
      if (head === undefined || text.length < length) return undefined;
      return { head, form: text.slice(0, length) };
    },
    get awaitsContinue() {
      return head?.headers.expect?.toLowerCase() === "100-continue" && text === "";
    },
  };
}

function refusal(status: number, reason: string): Refusal {
  return { status, reason };
}
