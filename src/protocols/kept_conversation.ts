/** A conversation that goes on from one write to the next, and is begun again where it broke. */

import { codeOf, type Failure } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { Conversation } from "./conversation.ts";

interface Kept<T> {
  /** Talks; once more on a new connection where the kept one had ended meanwhile. */
  talk(signal: AbortSignal, work: (peer: T) => Promise<void>): Promise<void>;
  /** Why a connection that was talked by has ended since this was asked last. */
  broken(): Failure | undefined;
  close(): Promise<void>;
}

/** `isOrdered`: what an ended connection may have lost is sent before anything else, so that `talk` does not go on. */
export function keepConversation(
  host: Host,
  to: Address,
  isOrdered = false,
): Kept<Conversation> {
  return keepOpen((signal) => Conversation.open(host, to, signal), isOrdered);
}

/** The same for what is more than a conversation, such as one that begins with a login. */
export function keepOpen<T extends Disposable>(
  open: (signal: AbortSignal) => Promise<T>,
  isOrdered = false,
): Kept<T> {
  let kept: T | undefined;
  let failure: Failure | undefined;

  const talk: Kept<T>["talk"] = async (signal, work) => {
    const isNew = kept === undefined;
    const peer = kept ??= await open(signal);
    try {
      await work(peer);
    } catch (error) {
      // Its answer was understood.
      if (codeOf(error) === "refused") throw error;
      await close();
      if (!isNew) failure = error as Failure;
      // A server may end an idle connection at any time.
      if (isNew || isOrdered || codeOf(error) === "timeout") throw error;
      await talk(signal, work);
    }
  };

  function close(): Promise<void> {
    kept?.[Symbol.dispose]();
    kept = undefined;
    return Promise.resolve();
  }

  return {
    talk,
    close,
    broken() {
      const found = failure;
      failure = undefined;
      return found;
    },
  };
}
