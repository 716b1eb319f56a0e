/**
 * Which carbons of a cluster a path belongs to, as carbon-c-relay has it.
 * Source: https://github.com/grobian/carbon-c-relay, "CLUSTERS"; Lamping and Veach, "A Fast, Minimal Memory,
 * Consistent Hash Algorithm"
 */

export interface RingNode {
  readonly host: string;
  readonly port: number;
  /** Tells nodes of one host apart, or stands for all of a node's address; "" for none. */
  readonly instance: string;
}

export const ringKinds = ["carbon_ch", "fnv1a_ch", "jump_fnv1a_ch"] as const;
export type RingKind = typeof ringKinds[number];

/** The numbers of all nodes, the first choice for a path first. */
type Ring = (path: string) => readonly number[];

type Md5 = (text: string) => Uint8Array;

/** Places of each node on a ring. */
const PLACES = 100;
const encoder = new TextEncoder();

export function createRing(kind: RingKind, nodes: readonly RingNode[], md5: Md5): Ring {
  if (kind === "jump_fnv1a_ch") return jumpRing(nodes);
  const isCarbon = kind === "carbon_ch";
  const hash = isCarbon ? (text: string) => md5Place(md5(text)) : fnv1aPlace;
  const nameOf = isCarbon ? carbonName : fnv1aName;
  const compare = isCarbon ? byInstance : byPort;
  const ring = nodes.flatMap((node, number) =>
    Array.from({ length: PLACES }, (_, place) => ({
      node,
      number,
      at: hash(nameOf(node, place)),
    }))
  ).sort((a, b) =>
    a.at - b.at || ordered(a.node.host, b.node.host) || compare(a.node, b.node) ||
    a.number - b.number
  );
  // Of those that share a place, the first has it alone.
  for (let at = 1; at < ring.length; at++) {
    if (ring[at].at === ring[at - 1].at) ring[at].number = ring[at - 1].number;
  }
  return (path) => {
    const place = hash(path);
    const from = firstFrom(ring, place);
    const numbers = new Set<number>();
    for (let step = 0; numbers.size < nodes.length; step++) {
      numbers.add(ring[(from + step) % ring.length].number);
    }
    return [...numbers];
  };
}

/** The text of a tuple in Python, which is what carbon's own relay hashes. */
function carbonName({ host, instance }: RingNode, place: number): string {
  return `('${host}', ${instance === "" ? "None" : `'${instance}'`}):${place}`;
}

function fnv1aName({ host, port, instance }: RingNode, place: number): string {
  return `${place}-${instance || `${host}:${port}`}`;
}

function byInstance(a: RingNode, b: RingNode): number {
  if (a.instance === "" || b.instance === "") {
    return Number(a.instance === "") - Number(b.instance === "");
  }
  return ordered(a.instance, b.instance);
}

function byPort(a: RingNode, b: RingNode): number {
  return a.port - b.port;
}

function ordered(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The first entry at a place or behind it; the ring's begin follows its end. */
function firstFrom(ring: readonly { readonly at: number }[], place: number): number {
  let [low, high] = [0, ring.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ring[middle].at < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function md5Place(digest: Uint8Array): number {
  return (digest[0] << 8) | digest[1];
}

/** A byte is signed where carbon-c-relay runs. */
function bytesOf(text: string): number[] {
  return Array.from(encoder.encode(text), (byte) => ((byte << 24) >> 24) >>> 0);
}

function fnv1aPlace(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of bytesOf(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash >>> 16) ^ (hash & 0xffff);
}

const mask = (value: bigint) => BigInt.asUintN(64, value);
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const JUMP_FACTOR = 2862933555777941757n;
const XORSHIFT_FACTOR = 2685821657736338717n;

/** Nodes by their instances, or as they are listed. */
function jumpRing(nodes: readonly RingNode[]): Ring {
  const numbers = nodes.map((_, number) => number).sort((a, b) =>
    byInstance(nodes[a], nodes[b]) || a - b
  );
  return (path) => {
    let hash = FNV_OFFSET;
    for (const byte of bytesOf(path)) hash = mask((hash ^ BigInt(byte)) * FNV_PRIME);
    const left = [...numbers];
    const chosen: number[] = [];
    while (left.length > 0) {
      const bucket = jump(hash, left.length);
      chosen.push(left[bucket]);
      // The last one takes the place of the one that is gone.
      left[bucket] = left[left.length - 1];
      left.pop();
      hash = xorshift(hash);
    }
    return chosen;
  };
}

function jump(hash: bigint, buckets: number): number {
  let key = hash;
  let [bucket, next] = [-1, 0];
  while (next < buckets) {
    bucket = next;
    key = mask(key * JUMP_FACTOR + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / Number((key >> 33n) + 1n)));
  }
  return bucket;
}

function xorshift(hash: bigint): bigint {
  let value = hash ^ (hash >> 12n);
  value ^= mask(value << 25n);
  value ^= value >> 27n;
  return mask(value * XORSHIFT_FACTOR);
}
