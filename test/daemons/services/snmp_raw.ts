/** Single values by SNMP version 2c, with a community. */

import type { Daemon } from "../daemon.ts";
import { snmpValues } from "../snmp_values.ts";

export default { ...snmpValues("2c"), fast: true } satisfies Daemon;
