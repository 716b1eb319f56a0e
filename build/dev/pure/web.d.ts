/**
 * The only globals outside of the language that the pure rooms may use: the web's own, which every
 * runtime has. `process`, `Buffer`, `Bun` and `Deno` are missing here on purpose: code that names
 * them does not compile, which is what makes "runs on Bun and on Deno" a property.
 */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array): string;
}
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
/** Of characters up to 255. */
declare function btoa(latin1: string): string;
