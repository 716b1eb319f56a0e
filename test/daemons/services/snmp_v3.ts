/** Single values by SNMP version 3, with SHA and AES. */

import { snmpValues } from "../snmp_values.ts";

export default snmpValues("SHA AES");
