/**
 * Archives that a kernel unpacks into its first root.
 * Source: https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 */

export type CpioEntry =
  | { readonly path: string; readonly kind: "folder" }
  | { readonly path: string; readonly kind: "link"; readonly target: string }
  | {
    readonly path: string;
    readonly kind: "file";
    readonly mode: number;
    readonly bytes: Uint8Array;
  };

const FOLDER = 0o40755;
const LINK = 0o120777;
const FILE = 0o100000;

/** The pieces of an archive, in order: the large ones are the caller's own bytes. */
export function* cpio(entries: readonly CpioEntry[]): Generator<Uint8Array> {
  let inode = 0;
  for (const entry of entries) yield* pieces(++inode, entry);
  yield* pieces(0, { path: "TRAILER!!!", kind: "file", mode: 0, bytes: new Uint8Array() });
}

function* pieces(inode: number, entry: CpioEntry): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const content = entry.kind === "file"
    ? entry.bytes
    : encoder.encode(entry.kind === "link" ? entry.target : "");
  const mode = { folder: () => FOLDER, link: () => LINK, file: () => fileMode(entry) }
    [entry.kind]();
  const name = encoder.encode(`${entry.path.replace(/^\//, "")}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const head = encoder.encode(
    "070701" + fields.map((field) => field.toString(16).padStart(8, "0")).join(""),
  );
  yield head;
  yield name;
  yield padding(head.length + name.length);
  yield content;
  yield padding(content.length);
}

function fileMode(entry: CpioEntry): number {
  return entry.kind === "file" ? FILE | entry.mode : 0;
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
