/** HTTP requests that the agent makes, and those that it answers. */

import type { TlsSettings } from "./tls.ts";

export interface HttpServerRequest {
  /** Without the query. */
  readonly path: string;
  /** What follows `?`, as it was sent. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A form that was posted, as it was sent; empty where none was. */
  readonly form: string;
}

/** What a program posts. */
export interface PostedRequest extends Omit<HttpServerRequest, "form"> {
  readonly method: "GET" | "HEAD" | "POST";
  /** Unpacked; empty where there is none. */
  readonly body: Uint8Array;
}

export interface PostedResponse extends Omit<HttpServerResponse, "body" | "stream"> {
  readonly body: string | Uint8Array;
}

export interface HttpServerResponse {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer goes on after its body. Returns what ends the sending. */
  readonly stream?: (peer: StreamingPeer) => () => void;
}

export interface StreamingPeer {
  /** Sends a text, or cuts the peer off where it has not read what was sent before. */
  send(text: string): void;
}

export type HttpAnswer = (
  asked: HttpServerRequest,
) => HttpServerResponse | Promise<HttpServerResponse>;

export interface Listener {
  close(): Promise<void>;
}

export interface HttpRequest {
  /** GET, POST … */
  readonly method: string;
  /** http or https. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Level of gzip for the body, 1 to 9; 0 or absent: none. */
  readonly gzip?: number;
  /** Basic auth, or digest auth where the server asks for it and `digest` is set. */
  readonly login?: Login;
  readonly tls?: TlsSettings;
  /** Path of a unix socket to connect to, instead of the URL's host and port. */
  readonly socket?: string;
  /** Bytes of a body; a longer one is an error. Absent: the body is cut at 1 MB, which is enough for an error's text. */
  readonly maxBytes?: number;
  /** Redirects that are followed. Absent: none. */
  readonly redirects?: number;
}

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly digest?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8; see `maxBytes`. */
  readonly body: string;
}
