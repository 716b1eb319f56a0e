/** The server's side of SCRAM for one user, as a server that knows the password. */

import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

export function scramSteps(hash: "sha256" | "sha512", password: string) {
  const salt = Buffer.from("0123456789abcdef");
  const length = createHash(hash).digest().length;
  const mac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest();
  const salted = pbkdf2Sync(password, salt, 4096, length, hash);
  let bare = "";
  let first = "";
  return {
    /** The answer to the client's first message. */
    begin(text: string): string {
      bare = text.slice(3);
      return first = `r=${/r=(.*)$/.exec(bare)![1]}server,s=${salt.toString("base64")},i=4096`;
    },
    /** The answer to its second one; undefined where it does not know the password. */
    end(text: string): string | undefined {
      const [, start, proof] = /^(.*),p=(.*)$/.exec(text)!;
      const key = mac(salted, "Client Key");
      const all = `${bare},${first},${start}`;
      const expected = mac(createHash(hash).update(key).digest(), all)
        .map((byte, at) => byte ^ key[at]);
      if (Buffer.from(expected).toString("base64") !== proof) return undefined;
      return `v=${mac(mac(salted, "Server Key"), all).toString("base64")}`;
    },
  };
}
