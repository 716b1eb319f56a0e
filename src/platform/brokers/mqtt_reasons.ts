/** What MQTT's brokers answer. Source: MQTT 5.0, section 2.4, and MQTT 3.1.1, section 3.2.2.3 */

const REASONS: Readonly<Record<number, string>> = {
  1: "unacceptable protocol version",
  2: "client identifier rejected",
  3: "server unavailable",
  4: "bad user name or password",
  5: "not authorized",
  0x80: "unspecified error",
  0x81: "malformed packet",
  0x82: "protocol error",
  0x83: "implementation specific error",
  0x84: "unsupported protocol version",
  0x85: "client identifier not valid",
  0x86: "bad user name or password",
  0x87: "not authorized",
  0x88: "server unavailable",
  0x89: "server busy",
  0x8a: "banned",
  0x8b: "server shutting down",
  0x8d: "keep alive timeout",
  0x8e: "session taken over by another client of this name",
  0x90: "topic name invalid",
  0x93: "receive maximum exceeded",
  0x95: "packet too large",
  0x96: "message rate too high",
  0x97: "quota exceeded",
  0x99: "payload format invalid",
  0x9c: "use another server",
  0x9d: "server moved",
  0x9f: "connection rate exceeded",
};

/** The message is at fault, and will be again. */
const ABOUT_MESSAGES = [0x90, 0x95, 0x99];

export function isError(code: number): boolean {
  return code >= 0x80;
}

export function isAboutMessage(code: number): boolean {
  return ABOUT_MESSAGES.includes(code);
}

export function reasonText(code: number): string {
  return `${REASONS[code] ?? "no reason"} (${code})`;
}
