/** The kernel's table of mounts. Source: https://man7.org/linux/man-pages/man5/proc_pid_mounts.5.html */

import type { Cursor } from "../core/cursor.ts";

export interface MountLine {
  readonly device: string;
  readonly point: string;
  readonly kind: string;
  /** With the types of the file systems that it lies on: when one of those hangs, this does. */
  readonly kinds: string;
}

/** Lines such as `/dev/sda1 / ext4 rw 0 0`; what has no device or no place in the tree is left out. */
export function mountsIn(lines: Cursor): MountLine[] {
  const all: { device: string; point: string; kind: string; paths: readonly string[] }[] = [];
  while (lines.nextLine()) {
    const [device, point, kind] = [lines.word(), mountPath(lines.word()), lines.word()];
    if (!point.startsWith("/") || kind === "") continue;
    const layers = kind === "overlay" ? layersIn(mountPath(lines.word())) : [];
    all.push({ device, point, kind, paths: [point, ...layers] });
  }
  return all.filter(({ device }) =>
    device.includes("/") || device.includes(":") || device === "tmpfs"
  ).map(({ device, point, kind, paths }) => {
    const below = all.filter((other) => paths.some((path) => path.startsWith(`${other.point}/`)));
    return { device, point, kind, kinds: [kind, ...below.map((other) => other.kind)].join(" ") };
  });
}

/** A path as it is: the kernel writes blanks in it as `\040`. */
export function mountPath(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\([0-7]{3})/g,
    (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The folders that an overlay shows. */
function layersIn(options: string): string[] {
  const named = options.match(/(?<=(?:^|,)(?:lower|upper)dir=)[^,]*/g) ?? [];
  return named.flatMap((paths) => paths.split(":"));
}
