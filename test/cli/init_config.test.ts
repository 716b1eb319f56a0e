/** Which collectors are found on a host, and the configuration that is printed for it. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { discover } from "../../src/cli/discover/discover.ts";
import { initConfigCommand } from "../../src/cli/init_config.ts";
import { configCommand } from "../../src/cli/config.ts";
import type { Flags } from "../../src/cli/command.ts";
import type { World } from "../../src/cli/world.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { handlers } from "../../src/handlers/registry.ts";
import type { Host } from "../../src/ports/host.ts";
import { found, type Machine, machine, page, talk } from "../harness/machine.ts";

const STUB =
  "Active connections: 1 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 0 \n";

describe("discover finds", () => {
  it("nothing where nothing answers", async () => {
    deepEqual(await found({}), []);
    deepEqual(await found({ tcp: { "00000000:0050": 1 }, programs: { sshd: [1] } }), []);
  });

  it("nginx, by the socket that it holds, at any port", async () => {
    const [one, ...others] = await found({
      programs: { nginx: [77] },
      tcp: { "0100007F:1F91": 77, "00000000:0016": 78 },
      asked: [page("http://127.0.0.1:8081/nginx_status", 200, STUB)],
    });
    deepEqual(one, {
      collector: "NginxCollector",
      why: "nginx answers at http://127.0.0.1:8081/nginx_status",
      options: { req_host: "127.0.0.1", req_port: "8081", req_path: "/nginx_status" },
      lacks: undefined,
    });
    equal(others.length, 0);
  });

  it("nginx at its usual port, where nobody may see whose socket it is", async () => {
    const [{ options }] = await found({
      tcp: { "00000000:0050": 1 },
      asked: [page("http://127.0.0.1:80/nginx_status", 200, STUB)],
    });
    deepEqual(options.req_port, "80");
  });

  it("nginx without its page, and says what to add", async () => {
    const missing = (path: string) =>
      page(`http://127.0.0.1:80${path}`, 404, "gone", { server: "nginx/1.22.1" });
    const paths = ["/nginx_status", "/stub_status", "/basic_status", "/status"];
    const [{ why, lacks }] = await found({
      tcp: { "00000000:0050": 1 },
      asked: paths.map(missing),
    });
    equal(why, "nginx is at 127.0.0.1:80, without a page of stub_status");
    match(
      lacks!.join(" "),
      /location = \/nginx_status \{ stub_status; allow 127\.0\.0\.1; deny all; \}/,
    );
  });

  it("Redis at an address of its own, and one that wants a password", async () => {
    const tape = [
      talk("10.1.2.3:6400", "PING\r\n", "+PONG\r\n"),
      talk("127.0.0.1:6379", "PING\r\n", "-NOAUTH Authentication required.\r\n"),
    ];
    const [{ options, lacks }] = await found({
      programs: { "redis-server": [5, 6] },
      tcp: { "0302010A:1900": 5, "0100007F:18EB": 6 },
      asked: tape,
    });
    equal(options.instances, "127.0.0.1:6379, 10.1.2.3:6400,");
    equal(options.auth, "file:/etc/diamond/redis.password");
    match(lacks!.join(" "), /ACL SETUSER/);
  });

  it("MySQL by its greeting, and the GRANT that it needs", async () => {
    const greeting = {
      talk: "127.0.0.1:3306",
      steps: [{ receive: { base64: "SgAAAAo1LjUuNQ==" } }],
    };
    const [{ collector, options, lacks }] = await found({
      tcp: { "0100007F:0CEA": 1 },
      asked: [greeting],
    });
    equal(collector, "MySQLCollector");
    equal(options.hosts, "diamond:PASSWORD@127.0.0.1:3306/None,");
    match(lacks!.join(" "), /GRANT PROCESS, REPLICATION CLIENT ON \*\.\* TO diamond/);
  });

  it("HAProxy and its socket, and one that does not let this user ask", async () => {
    const path = "/run/haproxy/admin.sock";
    const unix = { [path]: 9 };
    const programs = { haproxy: [9] };
    const [ready] = await found({
      programs,
      unix,
      asked: [talk(path, "show stat\n", "# pxname,svname\n")],
    });
    deepEqual(ready.options, { method: "unix", sock: path });
    const message = `cannot connect to ${path}: permission denied`;
    const [locked] = await found({
      programs,
      unix,
      asked: [{ talk: path, steps: [], failed: { code: "undelivered", message } }],
    });
    match(locked.lacks!.join(" "), /stats socket .* group diamond level user/);
  });

  it("a socket by the name that it has now, not by the one that it was bound by", async () => {
    const path = "/run/haproxy/admin.sock";
    const [{ options }] = await found({
      programs: { haproxy: [9] },
      unix: { [`${path}.4711.tmp`]: 9 },
      files: { [path.slice(1)]: "" },
      asked: [talk(path, "show stat\n", "# pxname,svname\n")],
    });
    equal(options.sock, path);
  });

  it("chrony, where its own program gets an answer", async () => {
    const [{ collector, why }] = await found({
      programs: { chronyd: [] },
      commands: { "chronyc -n sourcestats": { stdout: "Name/IP …" } },
    });
    deepEqual([collector, why], ["ChronydCollector", "chrony runs, and chronyc answers"]);
  });

  it("arrays of disks and the table of connections, by the kernel's files", async () => {
    const names = (await found({
      files: {
        "proc/mdstat": "Personalities : [raid1]\nmd0 : active raid1 sda1[0] sdb1[1]\n",
        "proc/sys/net/netfilter/nf_conntrack_count": "3\n",
      },
    })).map(({ collector }) => collector);
    deepEqual(names, ["MdStatCollector", "ConnTrackCollector"]);
  });

  it("what answers, although another question never ends", async () => {
    const { clock, ...host } = machine({});
    const hasty = {
      ...host,
      clock: {
        ...clock,
        after: (_: number, act: () => void) => {
          const timer = setTimeout(act, 50);
          return () => clearTimeout(timer);
        },
      },
    } as Host;
    const all = await discover(hasty, [
      { collector: "A", discover: () => new Promise<undefined>(() => {}) },
      { collector: "B", discover: () => ({ why: "it is there", options: {} }) },
      { collector: "C", discover: () => Promise.reject(new Error("a defect")) },
    ]);
    deepEqual(all.map(({ collector }) => collector), ["B"]);
  });
});

async function printed(
  spec: typeof initConfigCommand,
  words: string[],
  values: Record<string, string>,
  host: Host,
) {
  let text = "";
  const out = { write: (more: string) => (text += more), isTerminal: false, colours: false };
  const world = { out, catalogue: { collectors, handlers }, host: () => host } as unknown as World;
  const flags: Flags = { words, text: (name) => values[name], on: () => false };
  equal(await spec(world).run(flags), 0);
  return text;
}

describe("init-config", () => {
  const nginx: Machine = {
    programs: { nginx: [77] },
    tcp: { "0100007F:1F91": 77, "0100007F:0CEA": 3 },
    asked: [
      page("http://127.0.0.1:8081/nginx_status", 200, STUB),
      { talk: "127.0.0.1:3306", steps: [{ receive: { base64: "SgAAAAo1LjUuNQ==" } }] },
    ],
  };

  it("prints why each collector is there, and comments out what needs something first", async () => {
    const text = await printed(initConfigCommand, [], {}, machine(nginx));
    match(
      text,
      /# nginx answers at http:\/\/127\.0\.0\.1:8081\/nginx_status\n\[\[NginxCollector\]\]\nenabled = True\n/,
    );
    match(text, /# MySQL or MariaDB answers at .* It needs:\n#\n# {5}CREATE USER/);
    match(text, /\n# \[\[MySQLCollector\]\]\n# enabled = True\n# hosts = diamond:PASSWORD@/);
    match(text, /\nhandlers = ArchiveHandler, HistoryHandler\n/);
    ok(!text.includes("[[GraphiteHandler]]"));
  });

  it("sends to the Graphite that is named", async () => {
    const text = await printed(initConfigCommand, [], { graphite: "[fd00::1]:2103" }, machine({}));
    match(text, /\nhandlers = GraphiteHandler, HistoryHandler\n/);
    match(text, /\[\[GraphiteHandler\]\]\nhost = fd00::1\nport = 2103\n/);
    ok(!text.includes("ArchiveHandler"));
  });

  it("keeps a history with its bounds, and names the page without serving it", async () => {
    const text = await printed(initConfigCommand, [], {}, machine({}));
    match(text, /\n\[\[HistoryHandler\]\]\n(#.*\n|\n)*# max_bytes = 64 MB\n/);
    match(text, /\n# page = 127\.0\.0\.1:9125\n/);
  });

  it("takes what the kernel has to the host, not to the services", async () => {
    const files = { "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n" };
    const text = await printed(initConfigCommand, [], {}, machine({ files }));
    match(
      text,
      /\n# the kernel has pressure information\n\[\[PressureCollector\]\]\nenabled = True\n/,
    );
    match(text, /# No service that a collector knows answers on this host\.\n$/);
    ok(!text.includes("# Services"));
    ok(!(await printed(initConfigCommand, [], {}, machine({}))).includes("PressureCollector"));
  });
});

describe("config", () => {
  it("prints one section by any of its names, subsections last", async () => {
    const text = await printed(configCommand, ["snmpinterface"], {}, machine({}));
    match(text, /^\[\[SNMPInterfaceCollector\]\]\n# .+\nenabled = True\n/);
    match(text, /# \[\[\[devices\]\]\]\n$/);
    const handler = await printed(configCommand, ["GraphiteHandler"], {}, machine({}));
    match(handler, /^\[\[GraphiteHandler\]\]\n/);
    ok(!handler.includes("enabled"));
  });

  it("prints every option of every collector and handler", async () => {
    const text = await printed(configCommand, [], {}, machine({}));
    for (const name of [...Object.keys(collectors), ...Object.keys(handlers)]) {
      ok(text.includes(`[[${name}]]`), name);
    }
    match(text, /\n# req_path = \/nginx_status\n/);
  });
});
