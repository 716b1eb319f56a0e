/** Configuration files that are in memory: path → text. */

import type { ConfigFiles } from "../../src/ports/local_files.ts";

export function memoryFiles(texts: Readonly<Record<string, string>>): ConfigFiles {
  return {
    read(path) {
      if (!Object.hasOwn(texts, path)) throw new Error("no such file");
      return texts[path];
    },
    list(directory) {
      const names = Object.keys(texts).filter((path) => path.startsWith(`${directory}/`)).map((
        path,
      ) => path.slice(directory.length + 1));
      return names.length === 0 ? undefined : names.sort();
    },
    access: (
      path,
    ) => (Object.hasOwn(texts, path) ? { directory: false, othersRead: false } : undefined),
    whoElse: () => undefined,
    networkKinds: () => () => undefined,
    fileVersion: (path) => texts[path],
    absolute: (path) => path,
    unwritable: () => undefined,
  };
}
