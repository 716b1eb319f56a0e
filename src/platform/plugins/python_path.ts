/** PYTHONPATH for a Python that root starts: without folders whose code somebody else may write. */

import { delimiter, resolve } from "node:path";
import process from "node:process";
import { trustedWith } from "../access/identity.ts";
import { createPluginTrust } from "./trust.ts";

export function trustedPythonPath(user: string, group: string): string[] {
  const trust = createPluginTrust(trustedWith(user, group));
  return (process.env.PYTHONPATH ?? "").split(delimiter).filter((path) => path !== "")
    .map((path) => resolve(path))
    .filter((path) => trust.belowFolder(path) === undefined);
}
