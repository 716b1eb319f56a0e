/**
 * Decides which connections of a server may stay. A new one is always let in. Where there are too many, one of the
 * address with the most is closed, so that slow or numerous peers keep no other peer out.
 */

const MAX_CONNECTIONS = 64;
/** Of which some have had no time to ask yet: a peer's request may be right behind its connection. */
const MAX_BURST = 256;
const GRACE_MS = 250;
/** Of answers that are not read yet, all together. */
const MAX_UNREAD_BYTES = 33_554_432;

export interface Place {
  /** It has asked and is getting so many bytes. */
  answering(bytes: number): void;
  leave(): void;
}

interface Admission {
  enter(address: string, drop: () => void): Place;
  /** Drops all. */
  end(): void;
}

interface Peer {
  readonly address: string;
  readonly drop: () => void;
  readonly since: number;
  unread: number;
}

interface Limits {
  readonly connections: number;
  readonly burst: number;
  readonly unread: number;
}

const LIMITS: Limits = {
  connections: MAX_CONNECTIONS,
  burst: MAX_BURST,
  unread: MAX_UNREAD_BYTES,
};

/** `now` in milliseconds. */
export function createAdmission(now: () => number, limits: Limits = LIMITS): Admission {
  /** In the order in which they came. */
  const peers = new Set<Peer>();
  let unread = 0;

  function remove(peer: Peer): void {
    if (peers.delete(peer)) unread -= peer.unread;
  }

  function drop(peer: Peer | undefined): void {
    if (peer === undefined) return;
    remove(peer);
    peer.drop();
  }

  function makeRoom(): void {
    if (peers.size < limits.connections) return;
    const settled = peers.size >= limits.burst
      ? [...peers]
      : [...peers].filter(({ since }) => now() - since >= GRACE_MS);
    if (settled.length > 0) drop(oldest(crowd(settled)));
  }

  return {
    enter(address, dropIt) {
      makeRoom();
      const peer: Peer = { address, drop: dropIt, since: now(), unread: 0 };
      peers.add(peer);
      return {
        answering(bytes) {
          if (!peers.has(peer)) return;
          [peer.unread, unread] = [bytes, unread + bytes];
          for (const other of peers) {
            if (unread <= limits.unread) break;
            if (other !== peer && other.unread > 0) drop(other);
          }
        },
        leave: () => remove(peer),
      };
    },
    end() {
      for (const peer of peers) drop(peer);
    },
  };
}

/** Those of the address that has most. */
function crowd(peers: Iterable<Peer>): Peer[] {
  const byAddress = Map.groupBy(peers, ({ address }) => address);
  return [...byAddress.values()].reduce((most, one) => one.length > most.length ? one : most);
}

/** One that has not asked yet goes before one that is getting its answer. */
function oldest(peers: readonly Peer[]): Peer {
  return peers.find(({ unread }) => unread === 0) ?? peers[0];
}
