/** Logging in by SCRAM. Source: RFC 5802, RFC 7677, and MongoDB's authentication specification */

import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { badData } from "../../core/errors.ts";

export type Mechanism = "SCRAM-SHA-512" | "SCRAM-SHA-256" | "SCRAM-SHA-1";

const HASHES: Readonly<Record<Mechanism, string>> = {
  "SCRAM-SHA-512": "sha512",
  "SCRAM-SHA-256": "sha256",
  "SCRAM-SHA-1": "sha1",
};
const MAX_ITERATIONS = 1_000_000;

interface Scram {
  /** The client's first message. */
  readonly first: string;
  /** The answer to the server's first message. */
  final(serverFirst: string): string;
  /** Throws `bad-data` where the server does not know the password either. */
  verify(serverFinal: string): void;
}

export function createScram(mechanism: Mechanism, user: string, password: string): Scram {
  const hash = HASHES[mechanism];
  const nonce = randomBytes(24).toString("base64");
  const bare = `n=${user.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  const mac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest();
  // MongoDB's older mechanism knows a digest of the password only.
  const secret = mechanism === "SCRAM-SHA-1"
    ? createHash("md5").update(`${user}:mongo:${password}`).digest("hex")
    : password.normalize("NFKC");
  let signature: Uint8Array = new Uint8Array();

  return {
    first: `n,,${bare}`,
    final(serverFirst) {
      const { r = "", s = "", i = "0" } = fieldsOf(serverFirst);
      const iterations = Number(i);
      if (!r.startsWith(nonce) || !(iterations >= 1 && iterations <= MAX_ITERATIONS)) {
        throw badData("the server's answer to the login makes no sense");
      }
      const length = createHash(hash).digest().length;
      const salted = pbkdf2Sync(secret, Buffer.from(s, "base64"), iterations, length, hash);
      const key = mac(salted, "Client Key");
      const stored = createHash(hash).update(key).digest();
      const message = `${bare},${serverFirst},c=biws,r=${r}`;
      const proof = mac(stored, message).map((byte, at) => byte ^ key[at]);
      signature = mac(mac(salted, "Server Key"), message);
      return `c=biws,r=${r},p=${Buffer.from(proof).toString("base64")}`;
    },
    verify(serverFinal) {
      const given = Buffer.from(fieldsOf(serverFinal).v ?? "", "base64");
      if (given.length !== signature.length || !timingSafeEqual(given, signature)) {
        throw badData("the server does not know the password: it is another server");
      }
    },
  };
}

/** `r=abc,s=def` as an object; a value may have `=`. */
function fieldsOf(message: string): Record<string, string | undefined> {
  return Object.fromEntries(message.split(",").map((part) => [part[0], part.slice(2)]));
}
