/** Services behind sockets. */

import { type Discovery, type Found, type Place } from "./place.ts";
import { said } from "./questions.ts";

const HAPROXY_SOCKETS = [
  "/run/haproxy/admin.sock",
  "/var/run/haproxy.sock",
  "/run/haproxy.sock",
  "/var/lib/haproxy/stats",
];
const STATS_SOCKET = [
  "stats socket /run/haproxy.sock mode 660 group diamond level user",
  "in its section global, where diamond is the agent's group; then reload it",
];
const ENGINE_SOCKETS = ["/var/run/docker.sock", "/run/podman/podman.sock"];
const PERMISSION = /permission denied|not permitted/;

export const daemons: readonly Discovery[] = [
  {
    collector: "HAProxyCollector",
    async discover(place) {
      const programs = ["haproxy"];
      for (const path of place.sockets(programs, HAPROXY_SOCKETS)) {
        const { text, error } = await said(place, { path }, "show stat\n", 8);
        const options = { method: "unix", sock: path };
        if (text.startsWith("# pxname")) return { why: `HAProxy answers at ${path}`, options };
        if (PERMISSION.test(error)) {
          return {
            why: `HAProxy does not let this user ask at ${path}`,
            options: { ...options, sock: "/run/haproxy.sock" },
            lacks: STATS_SOCKET,
          };
        }
      }
      if (!place.runs(programs)) return undefined;
      return {
        why: "HAProxy runs without a stats socket",
        options: { method: "unix", sock: "/run/haproxy.sock" },
        lacks: STATS_SOCKET,
      };
    },
  },
  { collector: "DockerCollector", discover: engine },
  {
    collector: "SupervisordCollector",
    async discover(place) {
      for (const path of place.sockets(["supervisord"], ["/var/run/supervisor.sock"])) {
        const { text, error } = await said(place, { path }, "GET / HTTP/1.0\r\n\r\n", 8);
        const options = { xmlrpc_server_protocol: "unix", xmlrpc_server_path: path };
        if (text.startsWith("HTTP/1.")) return { why: `Supervisor answers at ${path}`, options };
        if (PERMISSION.test(error)) {
          return {
            why: `Supervisor does not let this user ask at ${path}`,
            options,
            lacks: ["chmod = 0770 and chown = root:diamond in its section [unix_http_server]"],
          };
        }
      }
      return undefined;
    },
  },
];

async function engine({ host, signal, sockets }: Place): Promise<Found | undefined> {
  for (const socket of sockets(["dockerd", "podman"], ENGINE_SOCKETS)) {
    const asked = { method: "GET", url: "http://localhost/version", headers: {}, socket };
    const options = { socket };
    try {
      const { status, body } = await host.net.request(asked, signal);
      if (status === 200 && body.includes("ApiVersion")) {
        return { why: `a container engine answers at ${socket}`, options };
      }
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      if (cause?.code !== "EACCES") continue;
      return {
        why: `the container engine does not let this user ask at ${socket}`,
        options,
        lacks: [
          "usermod -aG docker diamond",
          "where diamond is the agent's user; whoever is in that group can become root",
        ],
      };
    }
  }
  return undefined;
}
