/** Programs that leave their figures in files. */

import type { HostFs } from "../../ports/fs.ts";
import type { Discovery } from "./place.ts";

const OPENVPN = ["/run/openvpn-server", "/run/openvpn", "/var/log/openvpn"];
/** Of a server in each of its formats, or of a client. */
const OPENVPN_STATUS = /^(?:TITLE[,\t]OpenVPN|OpenVPN CLIENT LIST|OpenVPN STATISTICS)/;
const PUPPET = [
  "/var/lib/puppet/state",
  "/var/cache/puppet/public",
  "/opt/puppetlabs/puppet/public",
  "/opt/puppetlabs/puppet/cache/state",
  "/var/cache/puppet/state",
];

export const files: readonly Discovery[] = [
  {
    collector: "OpenVPNCollector",
    discover({ host: { fs } }) {
      const found = OPENVPN.flatMap((folder) => statusFiles(fs, folder));
      if (found.length === 0) return undefined;
      const instances = found.map((path) => `file://${path}`).join(", ");
      return { why: `OpenVPN writes ${found.join(", ")}`, options: { instances: `${instances},` } };
    },
  },
  {
    collector: "PuppetAgentCollector",
    discover({ host: { fs } }) {
      const path = PUPPET.map((folder) => `${folder}/last_run_summary.yaml`).find((one) =>
        fs.tryRead(one) !== undefined
      );
      return path === undefined
        ? undefined
        : { why: `Puppet's last run is in ${path}`, options: { yaml_path: path } };
    },
  },
];

function statusFiles(fs: HostFs, folder: string): string[] {
  const names = fs.exists(folder) ? fs.list(folder).filter((name) => name.includes("status")) : [];
  return names.map((name) => `${folder}/${name}`).sort().filter((path) =>
    fs.stat(path)?.isFile && OPENVPN_STATUS.test(fs.tryRead(path)?.line() ?? "")
  );
}
