/** collectd's binary protocol. Source: https://collectd.org/wiki/index.php/Binary_protocol */

export interface CollectdValue {
  readonly host: string;
  readonly plugin: string;
  readonly pluginInstance: string;
  readonly type: string;
  readonly typeInstance: string;
  /** The first of its list; undefined where it is not a number. */
  readonly value: number | bigint | undefined;
}

/** Types of parts. A field holds until the next part of its type. */
const TEXTS = new Map([
  [0, "host"],
  [2, "plugin"],
  [3, "pluginInstance"],
  [4, "type"],
  [5, "typeInstance"],
]);
const VALUES = 6;
/** Times, intervals, severity, and the message of a notification: nothing that is published. */
const PASSED_OVER = new Set([1, 7, 8, 9, 0x100, 0x101]);
const GAUGE = 1;
const DERIVE = 2;
const HEADER_BYTES = 4;
const MAX_KIND = 3;

/**
 * The values of a datagram. What is behind a part that is not known, such as an encrypted one, or that is cut
 * short, is left out: then `whole` is false.
 */
export function parseCollectd(
  datagram: Uint8Array,
): { readonly values: readonly CollectdValue[]; readonly whole: boolean } {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  const values: CollectdValue[] = [];
  let fields = { host: "", plugin: "", pluginInstance: "", type: "", typeInstance: "" };
  for (let at = 0; at < datagram.length;) {
    const length = at + HEADER_BYTES <= datagram.length ? view.getUint16(at + 2) : 0;
    if (length < HEADER_BYTES || at + length > datagram.length) return { values, whole: false };
    const part = view.getUint16(at);
    const [from, to] = [at + HEADER_BYTES, at + length];
    const name = TEXTS.get(part);
    if (name !== undefined) fields = { ...fields, [name]: textOf(datagram.subarray(from, to)) };
    else if (part === VALUES) {
      const value = firstValue(view, from, to);
      if (value === null) return { values, whole: false };
      values.push({ ...fields, value });
    } else if (!PASSED_OVER.has(part)) return { values, whole: false };
    at = to;
  }
  return { values, whole: true };
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** A count, so many kinds, so many numbers of 8 bytes. Null where that is not what is there. */
function firstValue(view: DataView, from: number, to: number): number | bigint | undefined | null {
  const count = to - from < 2 ? 0 : view.getUint16(from);
  const kinds = from + 2;
  if (count === 0 || kinds + count * 9 !== to) return null;
  const kind = view.getUint8(kinds);
  const at = kinds + count;
  if (kind > MAX_KIND) return null;
  if (kind === DERIVE) return view.getBigInt64(at);
  if (kind !== GAUGE) return view.getBigUint64(at);
  const value = view.getFloat64(at, true);
  return Number.isFinite(value) ? value : undefined;
}
