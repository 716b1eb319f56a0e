/** An HTTP request as its bytes arrive, with bounds on head and body. */

import { type BodyReader, chunkedBody, sizedBody } from "./http_body.ts";
import { parseRequestHead, type RequestHead } from "./http_head.ts";

const MAX_HEAD_BYTES = 16_384;
const HEAD_END = "\r\n\r\n";

/** Which bodies are taken. */
export interface BodyRules {
  /** To which one may be posted. */
  readonly paths: readonly string[];
  readonly maxBytes: number;
  /** What it is, for messages. */
  readonly kind: string;
  /** Its content type; absent: any. */
  readonly type?: RegExp;
  /** It may come in chunks. */
  readonly inChunks?: boolean;
}

export function formRules(paths: readonly string[]): BodyRules {
  const type = /^application\/x-www-form-urlencoded\s*(;|$)/i;
  return { paths, maxBytes: 65_536, kind: "form", type };
}

/** Why a request is not answered. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

export interface ReceivedRequest {
  readonly head: RequestHead;
  /** Empty where there is none. */
  readonly body: Uint8Array;
}

interface RequestReader {
  /** More of it. Undefined until the request is complete or refused. */
  take(bytes: Uint8Array): ReceivedRequest | Refusal | undefined;
  /** Of a request that is not complete, its head is. */
  readonly hasHead: boolean;
  /** The peer waits for a word before it sends its body. */
  readonly awaitsContinue: boolean;
  /** Bytes of the body that have come. */
  readonly held: number;
}

export function createRequestReader(rules: BodyRules): RequestReader {
  const latin1 = new TextDecoder("latin1");
  let text = "";
  let head: RequestHead | undefined;
  let body: BodyReader | undefined;

  /** Undefined until the head is complete. Otherwise what follows it, or why it is refused. */
  function takeHead(bytes: Uint8Array): Uint8Array | Refusal | undefined {
    const before = text.length;
    text += latin1.decode(bytes.subarray(0, MAX_HEAD_BYTES + HEAD_END.length));
    const end = text.indexOf(HEAD_END);
    if (end < 0 || end > MAX_HEAD_BYTES) {
      return text.length >= MAX_HEAD_BYTES ? refusal(431, "The head is too long") : undefined;
    }
    const parsed = parseRequestHead(text.slice(0, end));
    if (parsed === undefined) return refusal(400, "That is not an HTTP request");
    const refused = openBody(parsed);
    if (refused !== undefined) return refused;
    head = parsed;
    text = "";
    return bytes.subarray(end + HEAD_END.length - before);
  }

  function openBody({ method, path, headers }: RequestHead): Refusal | undefined {
    if (method === "GET" || method === "HEAD") return undefined;
    if (method !== "POST" || !rules.paths.includes(path)) {
      return refusal(405, "Only GET");
    }
    const { kind, type, maxBytes, inChunks = false } = rules;
    const length = headers["content-length"];
    const coding = headers["transfer-encoding"];
    if (type !== undefined && !type.test(headers["content-type"] ?? "")) {
      return refusal(415, `Only a ${kind}`);
    }
    if (inChunks && length === undefined && coding?.toLowerCase() === "chunked") {
      body = chunkedBody(maxBytes);
      return undefined;
    }
    if (coding !== undefined || !/^\d{1,9}$/.test(length ?? "")) {
      return refusal(411, `A ${kind} needs its length`);
    }
    if (Number(length) > maxBytes) return tooLong();
    if (Number(length) > 0) body = sizedBody(Number(length));
    return undefined;
  }

  function tooLong(): Refusal {
    return refusal(413, `The ${rules.kind} is too long`);
  }

  return {
    take(bytes) {
      let rest = bytes;
      if (head === undefined) {
        const found = takeHead(bytes);
        if (found === undefined || "status" in found) return found;
        rest = found;
      }
      if (head === undefined) return undefined;
      if (body === undefined) return { head, body: new Uint8Array() };
      const state = body.take(rest);
      if (state === "done") return { head, body: body.body };
      if (state === "too long") return tooLong();
      return state === "broken" ? refusal(400, "The chunks cannot be read") : undefined;
    },
    get hasHead() {
      return head !== undefined;
    },
    get awaitsContinue() {
      return head?.headers.expect?.toLowerCase() === "100-continue" && body?.body.length === 0;
    },
    get held() {
      return body?.body.length ?? 0;
    },
  };
}

function refusal(status: number, reason: string): Refusal {
  return { status, reason };
}
