/**
 * Who the agent is at Amazon: keys from where AWS's own programs look for them, and the instance's metadata.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */

import { configError, undelivered } from "../core/errors.ts";
import { hide } from "../core/secrets.ts";
import type { AwsKeys } from "../ports/credentials.ts";
import type { Host } from "../ports/host.ts";
import { jsonAnswer, metadata } from "./metadata.ts";

const METADATA = "http://169.254.169.254";
const CONTAINER = "http://169.254.170.2";
const INSTANCE_ROLE = "latest/meta-data/iam/security-credentials/";
/** Keys for a time are asked for again so long before they end. */
const EARLY_MS = 300_000;
const TOKEN_SECONDS = "21600";

interface OwnKeys {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token: string;
}

/** Returns a source of keys: the options', or those of the environment, a file, the container or the instance. */
export function awsKeys(host: Host, own: OwnKeys): (signal: AbortSignal) => Promise<AwsKeys> {
  const { access_key_id: id, secret_access_key: secret, session_token: token } = own;
  let lent: { readonly keys: AwsKeys; readonly until: number } | undefined;
  return async (signal) => {
    const fixed = id !== "" ? { id, secret, token } : fromEnvironment(host) ?? fromFile(host);
    if (fixed !== undefined) return fixed;
    if (lent === undefined || lent.until - EARLY_MS <= host.clock.now()) {
      lent = await fromMachine(host, signal);
    }
    return lent.keys;
  };
}

/** Such as `i-0abc…`. */
export async function instanceId(host: Host, signal: AbortSignal): Promise<string> {
  return (await instanceData(host, "latest/meta-data/instance-id", signal)).trim();
}

function fromEnvironment({ credentials }: Host): AwsKeys | undefined {
  const id = credentials.variable("AWS_ACCESS_KEY_ID");
  if (id === "") return undefined;
  return known({
    id,
    secret: credentials.variable("AWS_SECRET_ACCESS_KEY"),
    token: credentials.variable("AWS_SESSION_TOKEN"),
  });
}

function fromFile({ credentials }: Host): AwsKeys | undefined {
  const path = credentials.variable("AWS_SHARED_CREDENTIALS_FILE") || "~/.aws/credentials";
  const profile = credentials.variable("AWS_PROFILE") || "default";
  const text = credentials.file(path);
  const [, section] =
    text?.split(/^\s*\[\s*([^\]]+?)\s*\]/m).flatMap((part, index, all) =>
      index % 2 === 1 && part === profile ? [part, all[index + 1]] : []
    ) ?? [];
  const valueOf = (key: string) =>
    new RegExp(`^\\s*${key}\\s*=\\s*(\\S+)`, "m").exec(section ?? "")?.[1] ?? "";
  const id = valueOf("aws_access_key_id");
  if (id === "") return undefined;
  return known({
    id,
    secret: valueOf("aws_secret_access_key"),
    token: valueOf("aws_session_token"),
  });
}

/** Lends keys for a time. */
async function fromMachine(host: Host, signal: AbortSignal) {
  const { AccessKeyId: id, SecretAccessKey: secret, Token: token, Expiration } = jsonAnswer<
    Partial<Record<"AccessKeyId" | "SecretAccessKey" | "Token" | "Expiration", string>>
  >(await roleData(host, signal));
  if (!id || !secret) {
    throw undelivered("the machine's metadata has no keys for AWS: does it have a role?");
  }
  const until = Date.parse(Expiration ?? "");
  return { keys: known({ id, secret, token: token ?? "" }), until: until || Infinity };
}

async function roleData(host: Host, signal: AbortSignal): Promise<string> {
  const relative = host.credentials.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (relative !== "") return await metadata(host, `${CONTAINER}${relative}`, {}, signal);
  try {
    const [role] = (await instanceData(host, INSTANCE_ROLE, signal)).trim().split("\n");
    return await instanceData(host, INSTANCE_ROLE + role, signal);
  } catch (error) {
    throw undelivered(
      "there are no keys for AWS: set access_key_id and secret_access_key, or give the machine a role",
      error,
    );
  }
}

/** By version 2 of the instance's metadata service, which wants a token for each session. */
async function instanceData(host: Host, path: string, signal: AbortSignal): Promise<string> {
  const base = host.credentials.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") || METADATA;
  const token = await metadata(
    host,
    `${base}/latest/api/token`,
    {
      "x-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS,
    },
    signal,
    "PUT",
  );
  return await metadata(host, `${base}/${path}`, { "x-aws-ec2-metadata-token": token }, signal);
}

function known(keys: AwsKeys): AwsKeys {
  if (keys.secret === "") throw configError("there is an AWS_ACCESS_KEY_ID without its secret");
  for (const secret of [keys.secret, keys.token]) hide(secret);
  return keys;
}
