/** etcd as it is today: without its API of version 2, keys by version 3. */

import { etcd, etcdPackages } from "../etcd.ts";
import { type Daemon, figuresIn, renamed, say } from "../daemon.ts";

const NAMES = `self.is_leader=etcd_server_is_leader
  store.getsSuccess=etcd_mvcc_range_total store.setsSuccess=etcd_mvcc_put_total
  store.deleteSuccess=etcd_mvcc_delete_total store.watchers=etcd_debugging_mvcc_watcher_total
  store.expireCount=etcd_debugging_server_lease_expired_total`;

export default {
  collector: "EtcdCollector",
  packages: etcdPackages,

  async start(place) {
    const { version, url, stop } = await etcd(place, []);
    const put = (key: string) =>
      say("curl", ["-sf", `${url}/v3/kv/put`, "-d", `{"key":"${key}","value":"MQ=="}`]);
    for (const key of ["YQ==", "Yg=="]) put(key);
    say("curl", ["-sf", `${url}/v3/kv/range`, "-d", '{"key":"YQ=="}']);
    return {
      version,
      options: `host = 127.0.0.1\nport = ${place.port}\n`,
      client: () =>
        renamed(NAMES, figuresIn(say("curl", ["-sf", `${url}/metrics`]), /^(\w+) ([\d.]+)$/gm)),
      gone: {
        "store.setsFail": "the API of version 2 is off",
        "self.sendPkgRate": "the API of version 2 is off",
      },
      stop,
    };
  },
} satisfies Daemon;
