/**
 * Secrets of the configuration. What holds one is known here from when it is read: no message, log or page of ours has
 * it then, not even where a server or a library says it again.
 */

export const MASK = "********";
/** What is shorter may stand in any text by chance, and is only left out where it is known to be a secret. */
const MIN_LENGTH = 6;
/** A query value of at least this length is treated as a token under any name. */
const TOKEN_LENGTH = 16;
const SECRET_NAME =
  /pass|pwd|secret|token|credential|auth|cookie|session|signature|(api|access|private|priv).?key|^(key|sig|code)$/i;
/** A URL in a value of the configuration, where a login may have blanks, by mistake. */
const URL_VALUE = /[a-z][\w+.-]*:\/\/(?:[^/?#"'<>@\n]*@)?[^\s"'<>]+/gi;
const LOGIN = /^([a-z][\w+.-]*:\/\/)([^/?#]*)@/i;
const PARAMETER = /([?&;])([^=&;#]*)=([^&;#]*)/g;

/** The longest first: one may be a part of another. */
let known: readonly string[] = [];

export function hide(secret: string): void {
  if (secret.length < MIN_LENGTH) return;
  const forms = [
    secret,
    encodeURIComponent(secret),
    decoded(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
  const fresh = forms.filter((form) => form.length >= MIN_LENGTH && !known.includes(form));
  if (fresh.length === 0) return;
  known = [...new Set([...known, ...fresh])].sort((a, b) => b.length - a.length);
}

/** A text that may be shown. */
export function withoutSecrets(text: string): string {
  let shown = text;
  for (const secret of known) {
    if (shown.includes(secret)) shown = shown.replaceAll(secret, MASK);
  }
  return shown;
}

/** A value of the configuration, without any login or value of a query that URLs in it have. */
export function withoutCredentials(text: string): string {
  const bare = text.replace(
    URL_VALUE,
    (url) => url.replace(LOGIN, `$1${MASK}@`).replace(PARAMETER, `$1$2=${MASK}`),
  );
  return withoutSecrets(bare);
}

/** A URL as messages show it: scheme, host, port and path; a token may be in all the rest. */
export function shownUrl(url: string): string {
  return withoutSecrets(url.replace(LOGIN, "$1").replace(/[?#].*$/s, ""));
}

/** What a value that is not declared has of them: by the names of keys, and URLs with a login. */
export function secretsNamed(name: string, value: unknown): readonly string[] {
  if (typeof value === "string") return SECRET_NAME.test(name) ? [value] : secretsInUrls(value);
  if (Array.isArray(value)) return value.flatMap((one) => secretsNamed(name, one));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => secretsNamed(key, one));
}

/** Returns the passwords of logins, and the tokens in queries. */
export function secretsInUrls(text: string): string[] {
  return [...text.matchAll(URL_VALUE)].flatMap(([url]) => {
    const login = LOGIN.exec(url)?.[2];
    const password = login?.includes(":") ? login.slice(login.indexOf(":") + 1) : login;
    const parameters = [...url.matchAll(PARAMETER)].filter(([, , name, value]) =>
      SECRET_NAME.test(name) || value.length >= TOKEN_LENGTH
    ).map(([, , , value]) => value);
    return [...(password === undefined ? [] : [password]), ...parameters];
  });
}

/** Of `Name: value`: the whole, and what stands behind a scheme such as Bearer. */
export function secretsInHeader(header: string): string[] {
  const [, name, value] = /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/s.exec(header) ?? [];
  if (value === undefined) return [];
  if (!SECRET_NAME.test(name) && value.length < TOKEN_LENGTH) return [];
  return [value, ...value.split(/\s+/).slice(1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
