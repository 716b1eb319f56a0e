/** Single values by SNMP version 3, with MD5 and DES. */

import { snmpValues } from "../snmp_values.ts";

export default snmpValues("MD5 DES");
