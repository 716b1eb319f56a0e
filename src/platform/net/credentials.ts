/** Credentials of clouds. Requests to AWS are signed by aws4fetch, which is loaded when the first is. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import { configError } from "../../core/errors.ts";
import type { Credentials } from "../../ports/credentials.ts";
import { readRegularText } from "../access/safe_open.ts";
import { crypto } from "../runtime/node_modules.ts";

const MAX_BYTES = 256 * 1024;

export const realCredentials: Credentials = {
  variable: (name) => process.env[name] ?? "",

  file(path) {
    const real = path.replace(/^~(?=\/)/, homedir());
    return existsSync(real) ? readRegularText(real, MAX_BYTES) : undefined;
  },

  async signAws({ url, body, headers, service, region }, { id, secret, token }) {
    const { AwsV4Signer } = await import("aws4fetch");
    const signer = new AwsV4Signer({
      method: "POST",
      url,
      headers,
      body,
      accessKeyId: id,
      secretAccessKey: secret,
      ...(token !== "" && { sessionToken: token }),
      service,
      region,
    });
    const signed = await signer.sign();
    return Object.fromEntries(signed.headers.entries());
  },

  signToken(claims, key) {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
    try {
      return `${text}.${crypto().createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
    } catch (error) {
      throw configError("the private key of the credentials cannot be used", error);
    }
  },
};
