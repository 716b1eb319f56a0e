/** Who is measured: the agent, its peers as Debian has them, and the floor, with as nearly as can be the same metrics of this host. */

import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileC } from "./sink.ts";

export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  /** Where its metrics are fetched, for one that waits to be asked. */
  readonly scrape?: string;
  /** Bytes on disk. */
  readonly size: number;
  /** Of the peers: it is not counted whether they fail. */
  readonly missing?: string;
}

export interface Setting {
  readonly folder: string;
  readonly agent: string;
  /** Seconds. */
  readonly interval: number;
  /** The port of contender `at`. */
  port(at: number): number;
}

/** Of the default set and beside it: what the peers have as well. */
export const COLLECTORS = [
  "CPU",
  "Memory",
  "LoadAverage",
  "DiskSpace",
  "DiskUsage",
  "Network",
  "VMStat",
  "Sockstat",
  "TCP",
  "UDP",
  "Interrupt",
  "SoftInterrupt",
  "ProcessStat",
  "Filestat",
];

/** The agent's own configuration file, with more for [server] and [handlers]. */
export function agentConfig(
  folder: string,
  { interval, port, server = "", collectors = COLLECTORS, more = "" }: {
    interval: number;
    port: number;
    server?: string;
    collectors?: readonly string[];
    more?: string;
  },
): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "diamond.conf");
  writeFileSync(
    file,
    `[server]
handlers = GraphiteHandler
state_path = ${folder}
socket = ${folder}/agent.sock
${server}
[handlers]
[[GraphiteHandler]]
host = 127.0.0.1
port = ${port}
[collectors]
[[default]]
hostname = testhost
interval = ${interval}
${collectors.map((name) => `[[${name}Collector]]\nenabled = True\n`).join("")}${more}`,
  );
  return file;
}

export function contenders({ folder, agent, interval, port }: Setting): Contender[] {
  return [diamond(0, "normal"), diamond(1, "low"), collectd(2), netdata(3), exporter(4), floor(5)];

  function diamond(at: number, memory: string): Contender {
    const file = agentConfig(join(folder, `agent-${memory}`), {
      interval,
      port: port(at),
      server: `memory = ${memory}`,
    });
    return {
      name: memory === "normal" ? "diamond-agent" : "diamond-agent, memory = low",
      command: [agent, "run", "--foreground", "--skip-pidfile", "-c", file],
      env: {},
      size: statSync(agent).size,
    };
  }

  function collectd(at: number): Contender {
    const home = join(folder, "collectd");
    mkdirSync(home, { recursive: true });
    const file = join(home, "collectd.conf");
    const plugins = ["contextswitch", "fhcount", "irq", "load", "memory", "swap"];
    writeFileSync(
      file,
      `Hostname "testhost"
FQDNLookup false
BaseDir "${home}"
PIDFile "${home}/pid"
TypesDB "/usr/share/collectd/types.db"
Interval ${interval}
${plugins.map((plugin) => `LoadPlugin ${plugin}`).join("\n")}
LoadPlugin cpu
<Plugin cpu>
  ReportByCpu true
  ReportByState true
  ReportGuestState true
  ReportNumCpu true
  ValuesPercentage false
</Plugin>
LoadPlugin df
<Plugin df>
  MountPoint "/"
  ReportInodes true
</Plugin>
LoadPlugin disk
<Plugin disk>
  Disk "/^[svx]+d[a-z]+$/"
</Plugin>
LoadPlugin interface
<Plugin interface>
  Interface "lo"
  IgnoreSelected true
</Plugin>
LoadPlugin vmem
<Plugin vmem>
  Verbose true
</Plugin>
LoadPlugin protocols
<Plugin protocols>
  Value "/^(Tcp|Udp):/"
  Value "/^TcpExt:(Listen|TCPTimeouts|TCPFastRetrans|TCPLostRetransmit|TCPSlowStart|TCPAbort|TCPBacklog)/"
</Plugin>
LoadPlugin write_graphite
<Plugin write_graphite>
  <Node "sink">
    Host "127.0.0.1"
    Port "${port(at)}"
    Protocol "tcp"
    StoreRates true
  </Node>
</Plugin>
`,
    );
    return peer("collectd", "/usr/sbin/collectd", ["-f", "-C", file]);
  }

  function netdata(at: number): Contender {
    const home = join(folder, "netdata");
    for (const name of ["cache", "lib", "log", "lock"]) {
      mkdirSync(join(home, name), { recursive: true });
    }
    const off = [
      "apps",
      "cgroups",
      "diskspace",
      "ebpf",
      "go.d",
      "idlejitter",
      "ioping",
      "node.d",
      "perf",
      "python.d",
      "slabinfo",
      "statsd",
      "tc",
      "timex",
      "charts.d",
      "fping",
      "nfacct",
      "freeipmi",
      "xenstat",
      "netdata monitoring",
    ];
    writeFileSync(
      join(home, "netdata.conf"),
      `[global]
run as user = root
[directories]
config = ${home}
cache = ${home}/cache
lib = ${home}/lib
log = ${home}/log
lock = ${home}/lock
[db]
mode = none
update every = ${interval}
[logs]
debug = none
error = ${home}/log/error
access = none
[ml]
enabled = no
[health]
enabled = no
[registry]
enabled = no
[web]
mode = none
[plugins]
${off.map((name) => `${name} = no`).join("\n")}
proc = yes
enable running new plugins = no
[plugin:proc]
/proc/pagetypeinfo = no
`,
    );
    writeFileSync(
      join(home, "exporting.conf"),
      `[exporting:global]
enabled = yes
send configured labels = no
[graphite:bench]
enabled = yes
destination = 127.0.0.1:${port(at)}
data source = as collected
prefix = servers
update every = ${interval}
hostname = testhost
`,
    );
    return peer("netdata", "/usr/sbin/netdata", ["-D", "-c", join(home, "netdata.conf")]);
  }

  function exporter(at: number): Contender {
    const wanted = ["cpu", "meminfo", "loadavg", "filesystem", "diskstats", "netdev", "vmstat"]
      .concat(["sockstat", "netstat", "interrupts", "softirqs", "stat", "filefd"]);
    const known = wanted.filter((name) => name !== "softirqs");
    return {
      ...peer("node_exporter, scraped", "/usr/bin/prometheus-node-exporter", [
        `--web.listen-address=127.0.0.1:${port(at)}`,
        "--collector.disable-defaults",
        ...known.map((name) => `--collector.${name}`),
      ]),
      scrape: `http://127.0.0.1:${port(at)}/metrics`,
    };
  }

  /** Its text is made by whoever runs it, from what the agent sends. */
  function floor(at: number): Contender {
    const program = compileC(folder, "floor");
    return {
      name: "the floor, in C",
      command: [program, String(port(at)), String(interval), join(folder, "tick.txt")],
      env: {},
      size: statSync(program).size,
    };
  }

  function peer(name: string, program: string, args: readonly string[]): Contender {
    return existsSync(program)
      ? { name, command: [program, ...args], env: {}, size: statSync(program).size }
      : { name, command: [], env: {}, size: 0, missing: `${program} is not there` };
  }
}
