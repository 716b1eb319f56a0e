/** Riemann's messages. Source: https://github.com/riemann/riemann-java-client (proto.proto) */

export interface RiemannCodec {
  /** A `Msg` of events. */
  encode(events: readonly RiemannEvent[]): Uint8Array;
  /** The server's `Msg`: whether it is content, and why it is not. Throws for what is not one. */
  decode(bytes: Uint8Array): { readonly ok: boolean; readonly error: string };
}

export interface RiemannEvent {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly service: string;
  readonly host: string | null;
  readonly ttl: number;
  readonly metric: number;
}
