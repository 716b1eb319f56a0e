/** etcd with its API of version 2, which is off by default. */

import { etcd, etcdPackages } from "../etcd.ts";
import { type Daemon, prefixed, say } from "../daemon.ts";

export default {
  collector: "EtcdCollector",
  packages: etcdPackages,

  async start(place) {
    const { version, url, stop } = await etcd(place, ["--enable-v2"]);
    say("curl", ["-sf", "-X", "PUT", `${url}/v2/keys/a`, "-d", "value=1"]);
    say("curl", ["-sf", `${url}/v2/keys/a`]);
    const ask = (page: string) => JSON.parse(say("curl", ["-sf", `${url}/v2/stats/${page}`]));
    return {
      version,
      options: `host = 127.0.0.1\nport = ${place.port}\n`,
      client() {
        const { state, sendAppendRequestCnt, recvAppendRequestCnt } = ask("self");
        const store = new Map(Object.entries<number>(ask("store")));
        return new Map([
          ["self.is_leader", state === "StateLeader" ? 1 : 0],
          ["self.sendAppendRequestCnt", sendAppendRequestCnt],
          ["self.recvAppendRequestCnt", recvAppendRequestCnt],
          ...prefixed("store.", store),
        ]);
      },
      stop,
    };
  },
} satisfies Daemon;
