/** LDAP, whose client is loaded with the first connection. */

import type { Ldap } from "../../ports/ldap.ts";

export const realLdap: Ldap = {
  connect: async (settings, signal) =>
    (await import("./client.ts")).ldapClient.connect(settings, signal),
};
