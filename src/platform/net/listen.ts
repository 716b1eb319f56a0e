/** What every server of node's is told at its start. */

import type { ListenOptions, Server } from "node:net";

/**
 * Resolves when it listens; throws the system's error where it cannot. It does not keep the process alive, and
 * what goes wrong later (no descriptor is left for a peer) ends nobody.
 */
export async function listening(server: Server, at: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, resolve);
  });
  server.on("error", () => {});
  server.unref();
}
