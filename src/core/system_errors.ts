/** What the system's errors mean, in words. Runtimes give the name of a constant, and repeat the address. */

const WORDS: Readonly<Record<string, string>> = {
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
  if (code === "ENOENT" && syscall === "connect") return "no such socket";
  // Errors of files repeat the call and the path, which the message around them has already.
  const [, words] = /^E[A-Z0-9]+: (.*?), /s.exec(error.message) ?? [];
  return words ?? (Object.hasOwn(WORDS, code) ? WORDS[code] : undefined);
}
