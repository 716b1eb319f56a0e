/**
 * What this agent does otherwise than python-diamond, on purpose. docs/migrating.md has the table, and `migrate`
 * explains by it what differs between the two.
 */

import { SELF_NAME } from "../core/collector.ts";
import { wordsOf } from "../core/words.ts";

export interface Difference {
  readonly matter: string;
  readonly diamond: string;
  readonly here: string;
  /** Whether a name that only one of the two has is so because of it. */
  explains?(difference: NameDifference): boolean;
}

interface NameDifference {
  readonly side: "gone" | "new";
  readonly path: string;
  /** The rest of the path, after the collector's component. */
  readonly name: string;
  /** The collector's class. */
  readonly section: string;
  /** The old agent published nothing of this collector. */
  readonly isOnlyOurs: boolean;
}

/** Collectors whose source is elsewhere today. */
const MOVED = wordsOf(`
  CpuAcctCgroupCollector DRBDCollector DiskTemperatureCollector LMSensorsCollector
  MemoryCgroupCollector MemoryDockerCollector MemoryLxcCollector
`);

/** Collectors whose service answers otherwise today. */
const ANSWERED_OTHERWISE = wordsOf(`
  BeanstalkdCollector BindCollector EtcdCollector OpenVPNCollector PgbouncerCollector
  PuppetAgentCollector SquidCollector ZookeeperCollector
`);

export const differences: readonly Difference[] = [
  {
    matter: "rates",
    diamond: "divided by the configured interval; the first sample is 0",
    here:
      "divided by the time that passed; the first sample, and the one after a reset, publish nothing. `rates = diamond` under `[[default]]` or a collector brings the original back",
  },
  {
    matter: "counters that step back",
    diamond: "a spike of 10^18 where the maximum is 2^64",
    here: "nothing, or 0 with `rates = diamond`",
  },
  {
    matter: "time of a run",
    diamond: "wherever its process happens to be",
    here:
      "once per interval, shifted by a hash of the host's name; all points of a run carry the second in which it began",
  },
  {
    matter: "`False`, `0`, `no`",
    diamond: "taken as true by many options",
    here: "false, everywhere; `1 0 on off` are understood too",
  },
  {
    matter: "a list with one element",
    diamond: "needs a comma at its end",
    here: "does not",
  },
  {
    matter: "a value that is no number",
    diamond: "ends the run and the collector's process",
    here: "that one metric is dropped and counted",
  },
  {
    matter: "a failing collector",
    diamond: "started again every second",
    here: "told once, then one line per period; it backs off, its rates are kept",
  },
  {
    matter: "exit status at a failed start",
    diamond: "mostly 0",
    here: "1, or 2 for wrong usage, with the reason on the terminal",
  },
  {
    matter: "`user` and `group` together",
    diamond: "refused",
    here: "supplementary groups, group, user, in this order",
  },
  {
    matter: "SIGHUP",
    diamond: "ends handlers, leaves collectors as they were",
    here: "the whole configuration is read again; a broken one is refused and the old one stays",
  },
  {
    matter: "outage of a backend",
    diamond: "five points are kept",
    here: "everything, on disk; `max_backlog_multiplier` counts where `spool = off`",
  },
  {
    matter: "a handler that hangs",
    diamond: "stops all handlers",
    here: "has its own queue and deadline",
  },
  {
    matter: "stop",
    diamond: "what waits is lost",
    here: "a last flush of at most 5 s (`stop_timeout`), the rest goes to the spool",
  },
  {
    matter: "a restart",
    diamond: "a gap: the first sample of each counter is 0",
    here: "rates go on from the last sample",
  },
  {
    matter: "a network mount that hangs",
    diamond: "ends the collector",
    here: "`diskspace.NAME.stale 1` until it answers, then 0; the others go on",
    explains: ({ side, section, path }) =>
      side === "new" && section === "DiskSpaceCollector" && path.endsWith(".stale"),
  },
  {
    matter: "metrics of the agent itself",
    diamond: "about 30 for each collector's process",
    here: "at most ten a host (`self_metrics = lean`); `full` and `off`",
    explains: ({ section }) => section === SELF_NAME,
  },
  {
    matter: "`[[default]]`",
    diamond: "must be there",
    here: "may be missing",
  },
  {
    matter: "directories of files",
    diamond: "read in any order",
    here: "sorted by name",
  },
  {
    matter: "`GraphitePickleHandler`",
    diamond: "waits for a full batch, loses what comes during an outage",
    here: "sends at the end of each run, keeps what waits, in frames that carbon takes",
  },
  {
    matter: "`MultiGraphiteHandler`",
    diamond:
      "one dead host stops all; a single name is taken letter by letter; the pickle variant has the wrong port",
    here: "each host has a queue of its own, `name:port` is understood, the port is 2004",
  },
  {
    matter: "`MySQLHandler`",
    diamond: "a statement and a commit for each metric, lost when it fails",
    here:
      "many rows in one statement, kept until they are stored; with the key of `schema mysql` each is there once",
  },
  {
    matter: "`TSDBHandler`: `False` for `cleanMetrics`, tags with `-` or `_`",
    diamond: "true; cut off",
    here: "false; whole",
  },
  {
    matter: "`InfluxdbHandler`",
    diamond: "waits two seconds and more, `timeout` and `time_precision` do not work",
    here: "sends at the end of each run; they do; no API of 0.8",
  },
  {
    matter: "`HttpPostHandler`",
    diamond: "posts nothing at all after each run too, grows without bound",
    here: "posts what there is, in posts of `batch`",
  },
  {
    matter: "`MySQLHandler`, a user who may only insert",
    diamond: "–",
    here: "works; a row that was sent twice is there twice",
  },
  {
    matter: "`MQTTHandler`",
    diamond: "loses everything after a minute and a half of silence",
    here: "pings, and has each message confirmed; `+` in a topic becomes `&`, as `#` does",
  },
  {
    matter: "`rmqHandler`",
    diamond: "messages that no queue is bound for are lost",
    here: "they wait, or are counted (`mandatory`); `rmq_server` makes it `rabbitmq_pubsub`",
  },
  {
    matter: "`RiemannHandler`",
    diamond: "never connects again",
    here: "does; values are sent as doubles too",
  },
  {
    matter: "`GmetricHandler`",
    diamond: "does not work",
    here: "works; the host is the sender",
  },
  {
    matter: "`RRDHandler`",
    diamond: "rates of counters go into counters, `step` fails, a process for each update",
    here: "gauges; works; one process, or rrdcached",
  },
  {
    matter: "`cloudwatchHandler`: `False` for `collect_by_instance`",
    diamond: "true",
    here: "false",
  },
  {
    matter:
      "`DatadogHandler`, `SignalfxHandler`, `AppenlightMetricHandler`, `LogentriesDiamondHandler`",
    diamond: "what fails is lost",
    here: "kept and sent again",
  },
  {
    matter: "`SentryHandler`",
    diamond: "the store API",
    here: "envelopes",
  },
  {
    matter: "`LibratoHandler`",
    diamond: "counters carry rates",
    here: "counters carry counts",
  },
  {
    matter: "`StatsdHandler`, counters",
    diamond: "a spike at each restart, negative ones after a reset",
    here: "nothing in these cases",
  },
  {
    matter: "`udp4`, `udp6` of Graphite",
    diamond: "are TCP",
    here: "are UDP, in datagrams of 1400 bytes at most",
  },
  {
    matter: "`InterruptCollector`, rows without text",
    diamond: "a new name in each run",
    here:
      "their number or letters; the old way with `rates = diamond`. `stable_names` does so for all rows",
    explains: ({ section, name }) =>
      section === "InterruptCollector" && /^\d+(_\d+)*(\.|$)/.test(name),
  },
  {
    matter: "`ProcessResourcesCollector`",
    diamond: "fails with psutil 5 and newer",
    here: "reads /proc, and has `memory_info_ex`",
    explains: ({ side, section, isOnlyOurs }) =>
      side === "new" && section === "ProcessResourcesCollector" && isOnlyOurs,
  },
  {
    matter:
      "control groups of version 2, DRBD 9, temperatures of disks, sensors without libsensors",
    diamond: "nothing is collected, or the run fails",
    here: "are read where today's kernel and tools have them, under the old names",
    explains: ({ side, section, isOnlyOurs }) =>
      side === "new" && isOnlyOurs && MOVED.includes(section),
  },
  {
    matter: "`NfsCollector`, operations of NFS 4",
    diamond: "by their place in 2010; since Linux 3.0 those after `rel_lkowner` have wrong names",
    here: "by the running kernel's order, with those that were added since",
    explains: ({ section, name }) => section === "NfsCollector" && name.startsWith("v4."),
  },
  {
    matter: "`IPVSCollector`, services by firewall mark",
    diamond: "their servers count as those of the service before",
    here: "have names of their own: `FWM_5`",
    explains: ({ section, name }) => section === "IPVSCollector" && name.includes("FWM_"),
  },
  {
    matter: "`PowerDNSCollector`: sizes, memory, latencies and uptime of today's versions",
    diamond: "their growth in a second",
    here: "themselves",
  },
  {
    matter:
      "today's BIND, etcd, ZooKeeper, PgBouncer, beanstalkd, Squid 7, Puppet's new folder, OpenVPN's status 2 and 3",
    diamond: "nothing is collected, or the run ends in its middle",
    here: "are read as they answer now, under the old names",
    explains: ({ side, section }) => side === "new" && ANSWERED_OTHERWISE.includes(section),
  },
  {
    matter: "mount points with blanks, connections in state NEW_SYN_RECV, missing IPv6",
    diamond: "left out, or the run fails",
    here: "are collected; are SYN_RECV; costs nothing",
    explains: ({ side, section, isOnlyOurs }) =>
      side === "new" && isOnlyOurs &&
      ["IPCollector", "TCPCollector", "DiskSpaceCollector"].includes(section),
  },
  {
    matter: "blanks in a metric's name",
    diamond: "break the Graphite line",
    here: "become underscores there",
  },
  {
    matter: "`collectors_path`",
    diamond: "all files are loaded",
    here:
      "Python files run as they are, those that are enabled, by the host's Python; TypeScript and JavaScript as well",
  },
  {
    matter: "`handlers_path`",
    diamond: "Python files are loaded",
    here:
      "Python files run as they are, each handler in a process of its own; TypeScript and JavaScript as well",
  },
];
