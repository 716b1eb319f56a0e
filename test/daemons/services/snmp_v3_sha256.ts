/** Single values by SNMP version 3, with SHA-256 and AES. */

import { snmpValues } from "../snmp_values.ts";

export default snmpValues("SHA256 AES");
