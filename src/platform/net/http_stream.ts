/** Answers that go on: what is sent goes to the peer at once, and one that does not read it is cut off. */

import type { Socket } from "node:net";
import type { HttpServerResponse } from "../../ports/http.ts";

/** That a peer may leave unread, besides what the kernel holds for it. */
const MAX_UNSENT_BYTES = 524_288;
/** A line that means nothing goes to the peer this often, so that one that is gone is found. */
const BEAT_MS = 15_000;
const BEAT = ": \n\n";

/** Of a socket that has its head. */
export function openStream(
  socket: Socket,
  stream: NonNullable<HttpServerResponse["stream"]>,
): void {
  let waited = false;
  const send = (text: string) => {
    if (socket.destroyed) return;
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
    else socket.write(text);
  };
  const beat = setInterval(() => {
    // Nothing of what was sent has been read between two beats.
    if (waited && socket.writableNeedDrain) return socket.destroy();
    waited = socket.writableNeedDrain;
    send(BEAT);
  }, BEAT_MS).unref();
  socket.on("drain", () => (waited = false));
  const end = stream({ send });
  socket.on("close", () => {
    clearInterval(beat);
    end();
  });
  // A peer that says that it has nothing more to say is gone.
  socket.on("end", () => socket.destroy());
}
