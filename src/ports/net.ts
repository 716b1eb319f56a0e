/** Connections, datagrams and TLS. All that may wait takes a signal. */

import type {
  HttpAnswer,
  HttpRequest,
  HttpResponse,
  Listener,
  PostedRequest,
  PostedResponse,
} from "./http.ts";
import type { TlsSettings } from "./tls.ts";

export type Family = 0 | 4 | 6;

export interface Net {
  /** A TCP connection, to the first address of the name that answers. Throws `undelivered` or `timeout`. */
  connect(target: Target, signal: AbortSignal): Promise<Connection>;
  /** A two-way connection, for a question and its answer. It ends when the signal aborts. Throws as `connect`. */
  dial(to: Address, signal: AbortSignal): Promise<Stream>;
  /** A UDP socket that sends to one address, resolved now. */
  datagram(target: Target, signal: AbortSignal): Promise<Datagrams>;
  /** One HTTP request. Throws `undelivered` or `timeout` where there is no answer, `bad-data` where it is too long. */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Answers HTTP requests at an address until it is closed. Throws `undelivered` where that cannot be. */
  listen(at: ListenAddress, answer: HttpAnswer): Promise<Listener>;
  /** Accepts connections at an address until it is closed. Throws `undelivered` where that cannot be. */
  serve(
    at: ServeAddress,
    take: (peer: Peer) => { data(bytes: Uint8Array): void; closed(): void },
  ): Promise<Listener>;
  /**
   * Takes datagrams in at an address until it is disposed. With `receive` none of them waits to be taken: each is
   * handed over as it comes. Throws `undelivered` where that cannot be.
   */
  inbox(
    at: Pick<ListenAddress, "host" | "port"> | UnixPlace,
    receive?: (datagram: Uint8Array) => void,
  ): Promise<Inbox>;
  /**
   * Takes in what programs post over HTTP, until it is disposed: each body is handed over when it is complete.
   * Throws `undelivered` where it cannot listen.
   */
  httpInbox(at: PostAddress, receive: PostReceiver): Promise<HttpInbox>;
}

export interface PostAddress {
  readonly host: string;
  readonly port: number;
  /** To which bodies may be posted; everything else is GET and HEAD. */
  readonly paths: readonly string[];
  /** Of a body, as it is sent and unpacked. */
  readonly maxBytes: number;
}

export interface PostReceiver {
  /** A request that came whole. It throws where it cannot be answered. */
  take(request: PostedRequest): PostedResponse;
  /** One that was refused before: too long, too slow, of a browser's page. */
  refused(reason: string): void;
}

export interface HttpInbox extends Disposable {
  /** Hands over what a recording has of now. Without a recording nothing waits. */
  take(): void;
}

/** A unix socket that is made. */
export interface UnixPlace {
  readonly path: string;
  /** Who may send to it. */
  readonly mode: number;
}

export interface Inbox extends Disposable {
  /** What has come since this was called last, in order; the oldest were dropped where there was too much. */
  take(): { readonly datagrams: readonly Uint8Array[]; readonly dropped: number };
}

export interface ServeAddress {
  readonly host: string;
  readonly port: number;
  /** Seconds of silence after which a peer is closed; absent: it may be silent for ever. */
  readonly idleSeconds?: number;
}

/** Of a connection that was accepted. */
export interface Peer {
  readonly name: string;
  /** Bytes that wait for it to read. */
  readonly waiting: number;
  send(bytes: Uint8Array): void;
  close(): void;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Where `host` is a loopback address: names that requests may carry in `Host`, besides loopback's own. */
  readonly allowedHosts?: readonly string[];
  /** Requests at other addresses too are only answered under those names, and by number. */
  readonly isStrict?: boolean;
  /** Paths to which a form may be posted; everything else is GET and HEAD. */
  readonly formPaths?: readonly string[];
}

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly family?: Family;
  /** Seconds of silence after which the kernel probes the peer; 0 or absent: never. */
  readonly keepalive?: number;
  /** Routers that a datagram to a multicast address may pass; absent: none. */
  readonly hops?: number;
  /** IPv6 zone, for link-local addresses. */
  readonly scope?: string;
  /** Absent: not encrypted. Only for connections. */
  readonly tls?: TlsSettings;
}

export interface Connection {
  /** Hands all the bytes to the kernel, at once where its buffer has room; waits while that is full. */
  write(bytes: Uint8Array, signal: AbortSignal): void | Promise<void>;
  /** `ended`: the peer has closed its side; `broken`: the connection failed. */
  readonly state: "open" | "ended" | "broken";
  /**
   * Bytes that were written and that the peer's system has not acknowledged; 0 where that is unknown. It may
   * read the kernel's table of connections: undefined where the last reading was expensive and recent.
   */
  unacknowledged(): number | undefined;
  /**
   * Bytes that the peer's program has not read, as far as its system shows, of which so many are not even
   * acknowledged.
   */
  unread(unacknowledged: number): number;
  /** What the peer has said since this was asked last, a character for each byte; most say nothing. */
  heard(): string;
  /** Milliseconds for which the peer has been silent; of one that has ended: since about when. */
  silence(): number;
  /**
   * Ends the connection in order: sends what was written, says that this was all, and waits for the
   * peer to do the same. False where it did not, or the connection broke.
   */
  close(): Promise<boolean>;
  /** Drops the connection at once. */
  destroy(): void;
}

/** A host and port, or the path of a unix socket. */
export type Address = Target | { readonly path: string };

/** A two-way connection. */
export interface Stream extends Disposable {
  /** Throws `undelivered` where the peer is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** The next bytes as they arrive; undefined at the end. Throws `undelivered`, and `timeout` once the signal aborts. */
  read(): Promise<Uint8Array | undefined>;
}

export interface Datagrams {
  send(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** The next datagram that arrives. Throws `timeout` when the signal aborts. */
  receive(signal: AbortSignal): Promise<Uint8Array>;
  close(): void;
}
