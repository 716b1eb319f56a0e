/** PostgreSQL of Debian 12. */

import type { Daemon } from "../daemon.ts";
import { postgres } from "../postgres.ts";

const BIN = "/usr/lib/postgresql/15/bin";

export default {
  collector: "PostgresqlCollector",
  packages: { [`${BIN}/postgres`]: "postgresql-15", psql: "postgresql-client-15" },
  fast: true,
  start: (place) => postgres(place, BIN),
} satisfies Daemon;
