/** What Kafka's error codes mean, and who deals with them. Source: https://kafka.apache.org/protocol#protocol_error_codes */

/**
 * `moved`: ask who leads now. `refused`: the records are at fault. `forgotten`: the broker does not know this producer
 * any more. `waits`: until people or time have mended it.
 */
export type Kind = "moved" | "refused" | "forgotten" | "waits";

export const NO_LEADER = 5;

const CODES: Readonly<Record<number, readonly [Kind, string]>> = {
  2: ["waits", "the records were damaged on their way"],
  3: ["moved", "no such topic: create it"],
  [NO_LEADER]: ["moved", "the partition has no leader at the moment"],
  6: ["moved", "another broker leads the partition now"],
  7: ["waits", "the replicas take too long to confirm"],
  8: ["moved", "the broker is not available"],
  9: ["moved", "a replica is not available"],
  10: ["refused", "larger than the topic's max.message.bytes"],
  13: ["moved", "the broker was disconnected"],
  15: ["waits", "the coordinator is not available"],
  17: ["waits", "not a name for a topic that may be written to"],
  18: ["refused", "larger than a segment of the topic's log"],
  19: ["waits", "fewer replicas are in sync than the topic's min.insync.replicas"],
  20: ["waits", "fewer replicas are in sync than the topic's min.insync.replicas"],
  29: ["waits", "not authorized: allow this user to write to the topic"],
  31: ["waits", "not authorized: allow this user IdempotentWrite on the cluster"],
  32: ["refused", "older or newer than the topic's message.timestamp limits allow"],
  33: ["waits", "the broker does not know this sasl_mechanism"],
  34: ["waits", "the broker did not expect a login now"],
  35: ["waits", "the broker does not speak this version of a request"],
  43: ["waits", "the topic's message.format.version is older than 0.11"],
  44: ["refused", "a policy of the broker does not allow it"],
  45: ["forgotten", "records before these are missing"],
  47: ["forgotten", "the producer's number has been given to another one"],
  54: ["waits", "the broker's security is turned off"],
  56: ["moved", "the broker cannot write to its disk"],
  58: ["waits", "the login failed: see user, password and sasl_mechanism"],
  59: ["forgotten", "the producer's number is not known"],
  65: ["waits", "the login has expired"],
  72: ["moved", "the broker does not listen where its clients are sent"],
  74: ["moved", "the partition has a newer leader"],
  75: ["moved", "the broker does not know of the newest leader yet"],
  76: ["waits", "the topic does not take gzip: set compression = 0"],
  87: ["refused", "the topic does not take such records: see its cleanup.policy"],
  89: ["waits", "the broker is too busy"],
  90: ["forgotten", "the producer's number has been given to another one"],
};

/** The broker has these records already. */
const DUPLICATE = 46;

export function isTaken(code: number): boolean {
  return code === 0 || code === DUPLICATE;
}

export function kindOf(code: number): Kind {
  return CODES[code]?.[0] ?? "waits";
}

export function kafkaErrorText(code: number): string {
  return `${CODES[code]?.[1] ?? "an error that is not known here"} (${code})`;
}

export function topicErrorText(topic: string, where: string, code: number): string {
  return `cannot write to the topic "${topic}" at ${where}: ${kafkaErrorText(code)}`;
}
