/** Spools on a file system that can hang: another process has their files. */

import { Failure } from "../../core/errors.ts";
import { type SpoolFolder, SpoolInUse, type Spools } from "../../ports/spool.ts";
import type { Far } from "../far/far_process.ts";
import { FarSpool } from "./far_spool.ts";
import type { SpoolAnswer } from "./spool_wire.ts";

export function farSpools(far: Far, folder: SpoolFolder): Spools {
  const open = new Set<string>();
  let number = 0;
  let generation = 0;

  function call(name: string, ...args: readonly unknown[]): unknown {
    if (!far.isRunning || far.generation !== generation) {
      number = far.call("spools", folder) as number;
      generation = far.generation;
    }
    return far.callOn(number, name, ...args);
  }

  return {
    exists(handler) {
      try {
        return call("exists", handler) as boolean;
      } catch {
        // Whoever reads it finds out.
        return true;
      }
    },
    open(handler, log) {
      if (open.has(handler)) throw new SpoolInUse();
      try {
        const spool = new FarSpool({
          far,
          open: () => call("open", handler) as SpoolAnswer,
          closed: () => open.delete(handler),
          log,
        });
        open.add(handler);
        return spool;
      } catch (error) {
        throw new Failure("undelivered", `cannot open the spool in "${folder.path}"`, error);
      }
    },
    handlers() {
      try {
        return call("handlers") as string[];
      } catch {
        return [];
      }
    },
    close() {
      try {
        if (far.isRunning) call("close");
      } catch {
        // It ends with the process.
      }
    },
  };
}
