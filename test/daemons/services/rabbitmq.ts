/** RabbitMQ with one queue of two messages; `rabbitmqctl` says what it has. */

import { writeFileSync } from "node:fs";
import { freePort } from "../../harness/agent_process.ts";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "RabbitMQCollector",
  packages: { "rabbitmq-server": "rabbitmq-server", curl: "curl" },

  async start({ folder, port }) {
    const [broker, distribution, names] = [await freePort(), await freePort(), await freePort()];
    writeFileSync(`${folder}/plugins`, "[rabbitmq_management].\n");
    writeFileSync(
      `${folder}/rabbitmq.conf`,
      `management.tcp.port = ${port}
management.tcp.ip = 127.0.0.1
listeners.tcp.local = 127.0.0.1:${broker}
collect_statistics_interval = 1000
`,
    );
    say("chown", ["-R", "rabbitmq", folder]);
    const env = {
      HOME: folder,
      RABBITMQ_NODENAME: "t@localhost",
      RABBITMQ_DIST_PORT: String(distribution),
      ERL_EPMD_PORT: String(names),
      ERL_EPMD_ADDRESS: "127.0.0.1",
      RABBITMQ_MNESIA_BASE: `${folder}/mnesia`,
      RABBITMQ_LOG_BASE: `${folder}/log`,
      RABBITMQ_PID_FILE: `${folder}/pid`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
      RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    };
    const set = Object.entries(env).map(([name, value]) => `${name}='${value}'`).join(" ");
    const as = (command: string) =>
      say("su", ["rabbitmq", "-s", "/bin/sh", "-c", `cd ${folder}; env ${set} ${command}`]);
    const bin = "/usr/lib/rabbitmq/bin";
    const server = run("su", [
      ...[
        "rabbitmq",
        "-s",
        "/bin/sh",
        "-c",
        `cd ${folder}; exec env ${set} ${bin}/rabbitmq-server`,
      ],
    ]);
    const api = `http://127.0.0.1:${port}/api`;
    const curl = (method: string, path: string, body = "{}") => [
      ...["-sf", "-u", "guest:guest", "-X", method, "-H", "content-type: application/json"],
      ...["-d", body, `${api}/${path}`],
    ];
    await answers("curl", curl("GET", "overview"), 90);
    say("curl", curl("PUT", "queues/%2F/jobs"));
    say("curl", curl("PUT", "users/watcher", '{"password":"watch,it","tags":"monitoring"}'));
    say(
      "curl",
      curl("PUT", "permissions/%2F/watcher", '{"configure":"^$","write":"^$","read":"^$"}'),
    );
    const message =
      '{"properties":{},"routing_key":"jobs","payload":"x","payload_encoding":"string"}';
    for (let count = 0; count < 2; count++) {
      say("curl", curl("POST", "exchanges/%2F/amq.default/publish", message));
    }
    await answers("sh", ["-c", `curl -sf -u guest:guest ${api}/queues | grep '"messages":2'`], 30);
    // What the node says of itself comes some seconds later.
    await answers("sh", ["-c", `curl -sf -u guest:guest ${api}/nodes | grep fd_total`], 30);
    return {
      version: as(`${bin}/rabbitmqctl version`).trim(),
      options: `host = 127.0.0.1:${port}\nuser = watcher\npassword = "watch,it"\n`,
      client() {
        const list = as(
          `${bin}/rabbitmqctl -q --no-table-headers list_queues messages messages_ready consumers`,
        );
        const [messages, ready, consumers] = list.trim().split(/\s+/).map(Number);
        return new Map([
          ["queues.jobs.messages", messages],
          ["queues.jobs.messages_ready", ready],
          ["queues.jobs.consumers", consumers],
          ["queue_totals.messages", messages],
          ["object_totals.queues", 1],
          ["object_totals.consumers", consumers],
        ]);
      },
      gone: {
        "queues.jobs.backing_queue_status.target_ram_count": "not a number in 3.10",
      },
      async stop() {
        as(`${bin}/rabbitmqctl -q stop`);
        await server.stop();
        as(`epmd -port ${names} -kill || true`);
      },
    };
  },
} satisfies Daemon;
