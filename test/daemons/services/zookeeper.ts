/** ZooKeeper without systemd, as a Java program, with its admin server off. */

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, prefixed, run, say } from "../daemon.ts";

const JARS = "/usr/share/java";
const NAMES =
  `zookeeper zookeeper-jute slf4j-api slf4j-simple snappy-java metrics-core commons-cli commons-io
  commons-lang jackson-core jackson-databind jackson-annotations jetty9-server jetty9-servlet
  jetty9-http jetty9-io jetty9-util jetty9-security servlet-api-3.1 audience-annotations`
    .split(/\s+/);

export default {
  collector: "ZookeeperCollector",
  packages: {
    java: "default-jre-headless",
    "/usr/share/java/zookeeper.jar": "zookeeper",
    nc: "netcat-openbsd",
  },

  async start({ folder, port }) {
    writeFileSync(
      `${folder}/zoo.cfg`,
      `tickTime=2000
dataDir=${folder}/data
clientPort=${port}
clientPortAddress=127.0.0.1
4lw.commands.whitelist=mntr
`,
    );
    const netty = readdirSync(JARS).filter((name) => /^netty-.*\.jar$/.test(name));
    const path = [...NAMES.map((name) => `${name}.jar`), ...netty]
      .map((name) => `${JARS}/${name}`).filter((file) => existsSync(file)).join(":");
    const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
    const settings = ["-Xmx64m", "-Dzookeeper.admin.enableServer=false", "-cp", path, main];
    const server = run("java", [...settings, `${folder}/zoo.cfg`]);
    const ask = () => say("nc", ["-w", "5", "127.0.0.1", String(port)], "mntr\n");
    await answers("sh", ["-c", `echo mntr | nc -w 5 127.0.0.1 ${port} | grep -q zk_znode_count`]);
    return {
      version: /zk_version\s+([\d.]+)/.exec(ask())![1],
      options: `hosts = it@127.0.0.1:${port},\n`,
      client: () => prefixed("it.", figuresIn(ask(), /^(zk_\S+)\s+(-?[\d.]+)$/gm)),
      gone: { "it.zk_server_state": "a text" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
