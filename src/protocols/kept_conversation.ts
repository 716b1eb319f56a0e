/** A conversation that goes on from one write to the next, and is begun again where it broke. */

import { codeOf } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { Conversation } from "./conversation.ts";

interface KeptConversation {
  /** Talks; once more on a new connection where the kept one had ended meanwhile. */
  talk(signal: AbortSignal, work: (peer: Conversation) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export function keepConversation(host: Host, to: Address): KeptConversation {
  let kept: Conversation | undefined;

  const talk: KeptConversation["talk"] = async (signal, work) => {
    const isNew = kept === undefined;
    const peer = kept ??= await Conversation.open(host, to, signal);
    try {
      await work(peer);
    } catch (error) {
      // Its answer was understood.
      if (codeOf(error) === "refused") throw error;
      await close();
      // A server may end an idle connection at any time.
      if (isNew || codeOf(error) === "timeout") throw error;
      await talk(signal, work);
    }
  };

  function close(): Promise<void> {
    kept?.[Symbol.dispose]();
    kept = undefined;
    return Promise.resolve();
  }

  return { talk, close };
}
