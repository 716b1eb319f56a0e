/** What the errors of the system and of TLS mean, in words. Runtimes give the name of a constant, and repeat the address. */

const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself: is it in ca?",
  SELF_SIGNED_CERT_IN_CHAIN: "the authority of its certificate is not trusted: is it in ca?",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "the authority of its certificate is not trusted: is it in ca?",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority of its certificate is not trusted: is it in ca?",
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "this machine does not have that address",
  EAI_AGAIN: "the name server does not answer",
  ECONNABORTED: "connection aborted",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by the peer",
  EHOSTDOWN: "host is down",
  EHOSTUNREACH: "no route to host",
  EMFILE: "too many open files",
  ENETDOWN: "network is down",
  ENETUNREACH: "network is unreachable",
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  ENOTFOUND: "name or service not known",
  ENOTSOCK: "not a socket",
  EPERM: "operation not permitted",
  EPIPE: "the peer closed the connection",
  ETIMEDOUT: "connection timed out",
};

/** How runtimes tell of a peer that closes before it has answered. */
const CLOSED = /^socket hang up$|^Socket is closed|disconnected before secure TLS/;

/** Undefined where it is not an error of the system's. */
export function systemWords(error: Error): string | undefined {
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (CLOSED.test(error.message)) return "the peer closed the connection";
  if (typeof code !== "string") return undefined;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return wrongName(error);
  if (code === "ENOENT" && syscall === "connect") return "no such socket";
  // Errors of files repeat the call and the path, which the message around them has already.
  const [, words] = /^E[A-Z0-9]+: (.*?), /s.exec(error.message) ?? [];
  return words ?? (Object.hasOwn(WORDS, code) ? WORDS[code] : undefined);
}

function wrongName(error: Error): string {
  const { cert } = error as { cert?: { subjectaltname?: string } };
  const names = cert?.subjectaltname?.replaceAll("DNS:", "") ?? "another name";
  return `its certificate is for ${names}: is server_name right?`;
}
