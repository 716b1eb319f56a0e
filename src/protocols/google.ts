/**
 * Who the agent is at Google: a service account, a user who logged in with gcloud, or the machine itself.
 * Source: https://cloud.google.com/docs/authentication/application-default-credentials
 */

import { configError, undelivered } from "../core/errors.ts";
import { hide } from "../core/secrets.ts";
import { noTls } from "./tls.ts";
import type { Host } from "../ports/host.ts";
import { post } from "./http_post.ts";
import { jsonAnswer, metadata } from "./metadata.ts";

const GCLOUD = "~/.config/gcloud/application_default_credentials.json";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const MACHINE = "computeMetadata/v1/instance/service-accounts/default/token";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLAIM_SECONDS = 3600;
/** A token is asked for again so long before it ends. */
const EARLY_MS = 120_000;

type Account = Readonly<Partial<Record<string, string>>>;
interface Token {
  readonly access_token?: string;
  readonly expires_in?: number;
}

/** Returns a source of access tokens; `path`: a file of credentials, or "" for those that Google's programs use. */
export function googleTokens(
  host: Host,
  path: string,
  scope: string,
): (signal: AbortSignal) => Promise<string> {
  let held: { readonly token: string; readonly until: number } | undefined;
  return async (signal) => {
    if (held === undefined || held.until - EARLY_MS <= host.clock.now()) {
      const account = accountIn(host, path);
      const { access_token: token, expires_in: seconds = 0 } = jsonAnswer<Token>(
        account === undefined
          ? await fromMachine(host, signal)
          : await exchanged(host, account, scope, signal),
      );
      if (token === undefined) throw undelivered("Google's answer has no access token");
      hide(token);
      held = { token, until: host.clock.now() + seconds * 1000 };
    }
    return held.token;
  };
}

function accountIn({ credentials }: Host, path: string): Account | undefined {
  const named = path || credentials.variable("GOOGLE_APPLICATION_CREDENTIALS");
  const text = credentials.file(named || GCLOUD);
  if (text === undefined) {
    if (named !== "") throw configError(`there is no file "${named}" with Google's credentials`);
    return undefined;
  }
  const account = jsonAnswer<Account>(text);
  for (const secret of ["private_key", "refresh_token", "client_secret"]) {
    hide(account[secret] ?? "");
  }
  return account;
}

async function exchanged(
  host: Host,
  account: Account,
  scope: string,
  signal: AbortSignal,
): Promise<string> {
  const url = account.token_uri ?? TOKEN_URL;
  const { client_email = "", private_key = "" } = account;
  const iat = Math.floor(host.clock.now() / 1000);
  const fields: Account = account.type === "service_account"
    ? {
      grant_type: GRANT,
      assertion: host.credentials.signToken({
        iss: client_email,
        scope,
        aud: url,
        iat,
        exp: iat + CLAIM_SECONDS,
      }, private_key),
    }
    : {
      grant_type: "refresh_token",
      client_id: account.client_id,
      client_secret: account.client_secret,
      refresh_token: account.refresh_token,
    };
  const body = Object.entries(fields).map(([key, text = ""]) =>
    `${key}=${encodeURIComponent(text)}`
  )
    .join("&");
  const { body: answer } = await post(host, { ...noTls, compression: 0 }, {
    url,
    type: "application/x-www-form-urlencoded",
    body,
    passing: /^/,
  }, signal);
  return answer;
}

async function fromMachine(host: Host, signal: AbortSignal): Promise<string> {
  const name = host.credentials.variable("GCE_METADATA_HOST") || "metadata.google.internal";
  try {
    const headers = { "metadata-flavor": "Google" };
    return await metadata(host, `http://${name}/${MACHINE}`, headers, signal);
  } catch (error) {
    throw undelivered(
      "there are no credentials for Google: set credentials to a service account's file",
      error,
    );
  }
}
