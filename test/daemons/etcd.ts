/** One etcd, a cluster of its own. */

import { freePort } from "../harness/agent_process.ts";
import { answers, type Place, run, say } from "./daemon.ts";

export const etcdPackages = { etcd: "etcd-server", curl: "curl" };

export async function etcd({ folder, port }: Place, args: readonly string[]) {
  const url = `http://127.0.0.1:${port}`;
  const peers = `http://127.0.0.1:${await freePort()}`;
  const server = run("etcd", [
    ...[
      "--data-dir",
      `${folder}/data`,
      "--listen-client-urls",
      url,
      "--advertise-client-urls",
      url,
    ],
    ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
    ...["--initial-cluster", `default=${peers}`, ...args],
  ]);
  await answers("sh", ["-c", `curl -sf ${url}/metrics | grep -q '^etcd_server_is_leader 1'`]);
  return {
    url,
    version: say("etcd", ["--version"]).match(/Version: (\S+)/)![1],
    stop: server.stop,
  };
}
