/** OpenVPN with a client, in a network of their own, and a client at whose management port one can ask. */

import { existsSync, readFileSync } from "node:fs";
import { until } from "../../harness/agent_process.ts";
import { type Daemon, figuresIn, prefixed, run, say } from "../daemon.ts";

export default {
  collector: "OpenVPNCollector",
  packages: {
    openvpn: "openvpn",
    openssl: "openssl",
    unshare: "util-linux",
    ip: "iproute2",
    nc: "netcat-openbsd",
  },

  async start({ folder, port }) {
    const [key, cert, status] = ["key.pem", "cert.pem", "status.log"].map((name) =>
      `${folder}/${name}`
    );
    const subject = ["-subj", "/CN=a.example.org", "-days", "2"];
    const pair = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert];
    say("openssl", ["req", "-x509", ...pair, ...subject]);
    const login = `--ca ${cert} --cert ${cert} --key ${key}`;
    const client = `--dev null --ifconfig-noexec --tls-client --pull --nobind --proto udp ${login}`;
    const server = run("unshare", [
      "-n",
      "sh",
      "-c",
      `ip link set lo up; exec openvpn --dev tun --local 127.0.0.1 --port 1194 --proto udp \\
  --tls-server --mode server --dh none ${login} --topology subnet \\
  --ifconfig 10.99.0.1 255.255.255.0 --keepalive 5 20 --duplicate-cn \\
  --status ${status} 1 --status-version 3`,
    ]);
    await until("the server is up", () => existsSync(status));
    const within = ["-t", String(server.child.pid), "-n", "openvpn"];
    const joined = run("nsenter", [...within, ...`${client} --remote 127.0.0.1 1194`.split(" ")]);
    const asked = run("openvpn", [
      ...`${client} --remote 127.0.0.1 9 --management 127.0.0.1 ${port}`.split(" "),
    ]);
    const text = () => existsSync(status) ? readFileSync(status, "utf8") : "";
    await until(
      "the server knows its client",
      () => text().includes("CLIENT_LIST\ta.example.org"),
      60,
    );
    return {
      version: say("sh", ["-c", "openvpn --version; true"]).match(/OpenVPN (\S+)/)![1],
      options: `instances = file://${status}, tcp://127.0.0.1:${port}?road\n`,
      client() {
        const row = text().split("\n").find((line) => line.startsWith("CLIENT_LIST\t"))!.split(
          "\t",
        );
        const talk = say("nc", ["-q", "1", "127.0.0.1", String(port)], "status\r\nquit\r\n");
        const fields = figuresIn(talk, /^([\w/ ]+),(\d+)\r?$/gm);
        const names = [...fields].map(([name, value]) =>
          [name.replaceAll("/", "-").replaceAll(" ", "_").toLowerCase(), value] as const
        );
        return new Map([
          ["status.clients.connected", 1],
          ["status.clients.a_example_org.bytes_rx", Number(row[5])],
          ["status.clients.a_example_org.bytes_tx", Number(row[6])],
          ["status.global.max_bcast-mcast_queue_length", 0],
          ...prefixed("road.global.", new Map(names)),
        ]);
      },
      stop: async () => {
        for (const { stop } of [joined, server, asked]) await stop();
      },
    };
  },
} satisfies Daemon;
