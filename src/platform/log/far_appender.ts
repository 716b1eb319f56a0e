/** A file that grows on a file system that can hang: another process writes it. */

import type { Appender, Rotation } from "../../ports/fs.ts";
import type { Far } from "../far/far_process.ts";

export function farAppender(far: Far, path: string, rotation: Rotation): Appender {
  let number = 0;
  let generation = 0;
  const isThere = () => far.isRunning && far.generation === generation;
  const open = () => {
    number = far.call("appender", path, rotation) as number;
    generation = far.generation;
  };
  open();
  return {
    append(text) {
      if (!isThere()) open();
      far.callOn(number, "append", text);
    },
    close() {
      try {
        if (isThere()) far.callOn(number, "close");
      } catch {
        // It ends with its process.
      }
    },
  };
}
