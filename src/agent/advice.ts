/** What to do about an error, for the people who read `status`. */

import type { ErrorState } from "../core/error_reporter.ts";
import type { CollectorState } from "./collector_state.ts";
import type { Missing } from "./missing.ts";

type Rules = readonly (readonly [RegExp, string])[];

const UNREACHABLE =
  /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN|no route|unreachable|timed out|host is down/i;
const NAME =
  /resolve|has no address|ENOTFOUND|EAI_AGAIN|getaddrinfo|name or service not known|name server/i;
const REFUSED = /ECONNREFUSED|no such socket|connection refused/i;
const FORBIDDEN = /EACCES|EPERM|permission|not permitted/i;

/** First match counts: from the particular to the general. */
const ABOUT_HANDLERS: Rules = [
  [
    /looks like|with a web page/,
    "correct host and port: Graphite takes lines at 2003 and pickles at 2004; through a balancer, look at what is behind it",
  ],
  [
    /refuses the login|cannot log in|not authorized|authorization violation|ACCESS_REFUSED/i,
    "check user and password in its section, and what the server lets this user do",
  ],
  [NAME, "check the name in host, and this machine's resolver"],
  [REFUSED, "nothing listens there: is the server running, are host and port right?"],
  [UNREACHABLE, "the server cannot be reached: is there a route, does a firewall drop it?"],
  [/in time/, "the server cannot be reached: is there a route, does a firewall drop it?"],
  [/does not read|did not take/, "the server is connected but too slow: look at its load and disk"],
  [/ENOSPC|no space/i, "free some room on the disk"],
  [FORBIDDEN, "give the agent's user the right to write there"],
  [/refuses/, "look at the server's log for why, then at the metric that is named here"],
];

export const ADVICE_FOR_CROWD =
  "find what makes these names, and leave it out with metrics_blacklist at its source; or raise the limit";

const ABOUT_COLLECTORS: Rules = [
  [/^(Too many series: |more than \w+ = \d)/, ADVICE_FOR_CROWD],
  [REFUSED, "nothing listens there: is the program running, are host and port right?"],
  [NAME, "check the name in its section, and this machine's resolver"],
  [UNREACHABLE, "is there a route, does a firewall drop it?"],
  [FORBIDDEN, "give the agent's user the right to read it, or run the agent as another user"],
  [
    /certificate/,
    "name its authority in ca, and the server as the certificate does; tls_verify = False trusts anyone",
  ],
  [
    /credentials|answers 40[13]|NOAUTH|WRONGPASS|authentication|access denied|confidentiality/i,
    "check user and password in its section, and what the service lets this user see",
  ],
  [
    /looks like|does not answer (with|as)|closes the connection| is not an? |(says|answers) .*"/,
    "is it that service, and not another one, which listens there: are host and port right?",
  ],
  [
    / ended with (?:\d+|a signal)/,
    "run the command as the agent's user: is its service running, may this user ask it?",
  ],
];

const UNUSED = "if this host has nothing of the kind, set enabled = False in its section";
const PART = "correct what its section names, or leave it out there; all else is published";
const CONFIG = "correct its section of the configuration; `diamond-agent check` looks at it";
const TIMEOUT = "raise collect_timeout or interval, or see what it waits for";
const UNKNOWN_FORM =
  "the source has a form that is not known here: `diamond-agent describe` names it; please report it";

export function adviceForHandler({ message }: ErrorState): string {
  return matching(ABOUT_HANDLERS, message) ??
    "see the log for more; what it gets is kept meanwhile";
}

/** `file`: of a plugin, which is its owner's to correct. */
export function adviceForCollector(
  state: CollectorState,
  { code, message }: ErrorState,
  file: string | undefined,
): string {
  if (code === "timeout") return TIMEOUT;
  if (code === "config") return CONFIG;
  const known = matching(ABOUT_COLLECTORS, message);
  if (known !== undefined) return known;
  if (file !== undefined) return `see what it needs, or correct it, in ${file}`;
  if (state === "no data") return UNUSED;
  if (code === "no-data") return PART;
  if (code === "undelivered") return "see whether the service is well, and its log";
  return code === "bad-data" ? UNKNOWN_FORM : "this is a defect of the collector: please report it";
}

export function adviceForMissing({ kind, reason, isRetried }: Missing): string {
  if (isRetried) return "it is tried again; see why it fails, or change the option";
  if (/^there is no /.test(reason)) {
    return `\`diamond-agent list\` names the ${kind}s; a plugin needs ${kind}s_path in [server]`;
  }
  if (/ is not on this system/.test(reason)) return "set enabled = False in its section";
  return CONFIG;
}

function matching(rules: Rules, message: string): string | undefined {
  return rules.find(([pattern]) => pattern.test(message))?.[1];
}
