/** Where `/proc`, `/sys` and all the rest really are: in a container the host's are elsewhere. */

export interface Roots {
  /** "" stands for /proc itself. */
  readonly procfs: string;
  readonly sysfs: string;
  readonly rootfs: string;
}

/** The host's path as one that this process can open. */
export function realPathOf(path: string, { procfs, sysfs, rootfs }: Roots): string {
  if (path === "/proc" || path.startsWith("/proc/")) {
    return (procfs || join(rootfs, "/proc")) + path.slice("/proc".length);
  }
  if (path === "/sys" || path.startsWith("/sys/")) {
    return (sysfs || join(rootfs, "/sys")) + path.slice("/sys".length);
  }
  if (rootfs === "" || path === rootfs || path.startsWith(`${rootfs}/`)) return path;
  return join(rootfs, path);
}

function join(root: string, path: string): string {
  return root === "" || root === "/" ? path : root.replace(/\/+$/, "") + path;
}

/** What the kernel shows of the reader's own namespaces, where a container's differ from its host's. */
const OWN_VIEW = /^\/proc\/(mounts$|net\/)/;

/**
 * As `realPathOf`, but with the eyes of process 1 where /proc has been moved and has one: `mounts` and
 * `net` there would be those of this process, which are the container's.
 */
export function hostViewOf(path: string, roots: Roots, exists: (path: string) => boolean): string {
  const own = realPathOf(path, roots);
  if (own === path || !OWN_VIEW.test(path)) return own;
  const first = realPathOf(path.replace("/proc/", "/proc/1/"), roots);
  return exists(first) ? first : own;
}

/** The other way round: what a resolved path is called on the host. */
export function hostPathOf(path: string, { procfs, sysfs, rootfs }: Roots): string {
  for (const [root, name] of [[procfs, "/proc"], [sysfs, "/sys"], [rootfs, ""]]) {
    if (root !== "" && root !== "/" && (path === root || path.startsWith(`${root}/`))) {
      return name + path.slice(root.length) || "/";
    }
  }
  return path;
}

/** The options of `[server]` first, then the environment, as other exporters in containers read it. */
export function rootsFrom(
  server: Partial<Roots>,
  environment: Readonly<Record<string, string | undefined>>,
): Roots {
  const choose = (option: string | undefined, variable: string) =>
    (option || environment[variable] || "").replace(/(.)\/+$/, "$1");
  return {
    procfs: choose(server.procfs, "HOST_PROC"),
    sysfs: choose(server.sysfs, "HOST_SYS"),
    rootfs: choose(server.rootfs, "HOST_ROOT"),
  };
}
