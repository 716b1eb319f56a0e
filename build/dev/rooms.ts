/** The rooms of src/ and page/, and what the files of each may import besides those of their own room. A room is a folder, or one file. */

export interface Room {
  /** Rooms and packages; a name that ends with ":" or "/" stands for all that begin with it. */
  readonly imports: readonly string[];
  /** Its files never import each other. */
  readonly loners?: boolean;
  /** Its generated registry names every file below this room. */
  readonly registry?: string;
}

const WORDS = ["core", "ports"];
const ASKING = [...WORDS, "formats", "protocols"];
/** What every room of platform/ may use besides its own row. */
const MACHINE = [...WORDS, "node:", "platform/runtime"];

export const ROOMS: Readonly<Record<string, Room>> = {
  core: { imports: ["ports"] },
  ports: { imports: ["core"] },
  formats: { imports: WORDS },
  protocols: { imports: [...WORDS, "formats"] },
  collectors: { imports: ["core"], registry: "collectors/" },
  "collectors/host": { imports: ASKING, loners: true },
  "collectors/services": { imports: ASKING, loners: true },
  "collectors/devices": { imports: ASKING, loners: true },
  handlers: { imports: ASKING, loners: true, registry: "handlers" },
  config: { imports: [...WORDS, "formats", "ini"] },
  delivery: { imports: WORDS },
  history: { imports: WORDS },
  agent: { imports: [...WORDS, "delivery"] },
  view: { imports: [...WORDS, "formats", "agent"] },
  page: { imports: ["agent", "view", "page/", "uplot"] },
  "page/parts": { imports: ["page", "view"] },
  web: { imports: [...WORDS, "formats", "agent", "view", "web/"] },
  "web/graphite": { imports: [...WORDS, "formats", "agent", "web"] },
  daemon: { imports: [...WORDS, "formats", "agent", "config", "delivery", "view", "web"] },
  platform: { imports: [...MACHINE, "formats", "platform/"] },
  "platform/clock.ts": { imports: MACHINE },
  "platform/roots.ts": { imports: [] },
  "platform/runtime": { imports: ["node:"] },
  "platform/memory": { imports: MACHINE },
  "platform/access": { imports: [...MACHINE, "platform/far"] },
  "platform/far": {
    imports: [
      ...MACHINE,
      "platform/access",
      "platform/clock.ts",
      "platform/exec",
      "platform/fs",
      "platform/history",
      "platform/log",
      "platform/memory",
      "platform/service",
      "platform/spool",
    ],
  },
  "platform/fs": {
    imports: [
      ...MACHINE,
      "formats",
      "platform/access",
      "platform/clock.ts",
      "platform/exec",
      "platform/far",
      "platform/log",
      "platform/memory",
      "platform/roots.ts",
    ],
  },
  "platform/exec": { imports: [...MACHINE, "platform/far", "platform/roots.ts"] },
  "platform/net": {
    imports: [
      ...MACHINE,
      "formats",
      "platform/access",
      "platform/clock.ts",
      "@bufbuild/protobuf/wire",
      "aws4fetch",
      "snappyjs",
    ],
  },
  "platform/sql": {
    imports: [...MACHINE, "formats", "platform/net", "mysql2/promise", "postgres"],
  },
  "platform/brokers": {
    imports: [
      ...MACHINE,
      "formats",
      "platform/net",
      "@cloudamqp/amqp-client",
      "@cloudamqp/amqp-client/amqp-base-client",
      "@cloudamqp/amqp-client/amqp-view",
      "@nats-io/jetstream",
      "@nats-io/transport-node",
      "mqtt-packet",
      "platform/access",
      "platform/clock.ts",
    ],
  },
  "platform/ldap": { imports: [...MACHINE, "platform/net", "platform/sql", "ldapts"] },
  "platform/mongo": { imports: [...MACHINE, "platform/net", "bson"] },
  "platform/snmp": { imports: [...MACHINE, "net-snmp"] },
  "platform/tape": { imports: MACHINE },
  "platform/terminal": { imports: MACHINE },
  "platform/spool": { imports: [...MACHINE, "formats", "platform/access", "platform/far"] },
  "platform/history": {
    imports: [...MACHINE, "history", "platform/clock.ts", "platform/far"],
  },
  "platform/log": {
    imports: [
      ...MACHINE,
      "formats",
      "consola/core",
      "platform/access",
      "platform/exec",
      "platform/far",
    ],
  },
  "platform/service": {
    imports: [
      ...MACHINE,
      "platform/access",
      "platform/exec",
      "platform/far",
      "platform/memory",
      "platform/net",
    ],
  },
  "platform/plugins": {
    imports: [
      ...MACHINE,
      "api.ts",
      "platform",
      "platform/access",
      "platform/exec",
      "platform/far",
      "platform/fs",
      "platform/memory",
      "platform/roots.ts",
      "platform/service",
    ],
  },
  cli: { imports: [...WORDS, "formats", "config", "agent", "daemon", "view", "cli/", "citty"] },
  "cli/discover": { imports: [...ASKING, "cli"] },
  "cli/bundle": { imports: [...WORDS, "formats", "config", "agent", "cli"] },
  "cli/connect": { imports: [...WORDS, "formats", "config", "agent", "cli"] },
  "cli/migrate": {
    imports: [...WORDS, "formats", "config", "agent", "daemon", "view", "cli", "citty"],
  },
  "cli/service": { imports: [...WORDS, "cli"] },
  "cli/vm": { imports: [...WORDS, "formats", "config", "cli"] },
  "api.ts": { imports: WORDS },
  "compose.ts": {
    imports: ["agent", "cli", "collectors", "handlers", "node:process", "platform", "platform/"],
  },
  "main.ts": { imports: ["compose.ts", "core", "node:process", "platform", "platform/"] },
};
