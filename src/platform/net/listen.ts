/** Starts a server of node's. */

import type { ListenOptions, Server } from "node:net";

/**
 * Resolves when it listens; throws the system's error where it cannot. It does not keep the process alive, and
 * a later error (no descriptor is left for a peer) does not end it.
 */
export async function listening(server: Server, at: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, resolve);
  });
  server.on("error", () => {});
  server.unref();
}
