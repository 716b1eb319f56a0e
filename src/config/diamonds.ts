/** The names of python-diamond's collectors and handlers, built in here or not: for messages. */

import { wordsOf } from "../core/words.ts";
import { didYouMean, notice, type Problem } from "./problems.ts";
import type { Origin } from "./tree.ts";

const COLLECTORS = wordsOf(`
  AerospikeCollector AmavisCollector ApcupsdCollector AuroraCollector BeanstalkdCollector BindCollector
  CassandraJolokiaCollector CelerymonCollector CephCollector CephStatsCollector ChronydCollector
  ConnTrackCollector CpuAcctCgroupCollector CPUCollector DarnerCollector DirStatsCollector
  DiskSpaceCollector DiskTemperatureCollector DiskUsageCollector DockerCollector DRBDCollector
  DropwizardCollector DseOpsCenterCollector ElasticSearchCollector ElbCollector EndecaDgraphCollector
  EntropyStatCollector EtcdCollector EventstoreProjectionsCollector ExampleCollector EximCollector
  FilesCollector FilestatCollector FluentdCollector FlumeCollector GridEngineCollector HadoopCollector
  HAProxyCollector HBaseCollector HttpCollector HttpdCollector HTTPJSONCollector IcingaStatsCollector
  InterruptCollector IODriveSNMPCollector IPCollector IPMISensorCollector IPVSCollector JbossApiCollector
  JCollectdCollector JolokiaCollector KafkaCollector KafkaConsumerLagCollector KSMCollector KVMCollector
  LibvirtKVMCollector LMSensorsCollector LoadAverageCollector MdStatCollector MemcachedCollector
  MemcachedSlabCollector MemoryCgroupCollector MemoryCollector MemoryDockerCollector MemoryLxcCollector
  MesosCGroupCollector MesosCollector MogilefsCollector MongoDBCollector MonitCollector MountStatsCollector
  MySQLCollector MySQLPerfCollector NagiosPerfdataCollector NagiosStatsCollector NetAppCollector
  NetfilterAccountingCollector NetscalerSNMPCollector NetstatCollector NetworkCollector NfsCollector
  NfsdCollector NginxCollector NtpCollector NtpdCollector NumaCollector NvidiaGPUCollector OneWireCollector
  OpenLDAPCollector OpenstackSwiftCollector OpenstackSwiftReconCollector OpenVPNCollector OpenvzCollector
  OssecCollector PassengerCollector PgbouncerCollector PgQCollector PhpFpmCollector PingCollector
  PortStatCollector PostfixCollector PostgresqlCollector PostqueueCollector PowerDNSCollector
  ProcessResourcesCollector ProcessStatCollector PuppetAgentCollector PuppetDashboardCollector
  PuppetDBCollector RabbitMQCollector RedisCollector ResqueWebCollector S3BucketCollector ScribeCollector
  ServerTechPDUCollector SidekiqCollector SidekiqWebCollector SlabInfoCollector SlonyCollector
  SmartCollector SNMPCollector SNMPInterfaceCollector SNMPRawCollector SockstatCollector
  SoftInterruptCollector SolrCollector SqsCollector SquidCollector SupervisordCollector TCPCollector
  TokuMXCollector TwemproxyCollector UDPCollector UnboundCollector UPSCollector UptimeCollector
  UsersCollector UserScriptsCollector VarnishCollector VMSDomsCollector VMSFSCollector VMStatCollector
  WebsiteMonitorCollector XENCollector XFSCollector ZookeeperCollector
`);
const HANDLERS = wordsOf(`
  AppenlightMetricHandler ArchiveHandler DatadogHandler GmetricHandler GraphiteHandler GraphitePickleHandler
  HostedGraphiteHandler HttpPostHandler InfluxdbHandler LibratoHandler LogentriesDiamondHandler MQTTHandler
  MultiGraphiteHandler MultiGraphitePickleHandler MySQLHandler NullHandler PubsubHandler QueueHandler
  RiemannHandler RRDHandler SentryHandler SignalfxHandler StatsdHandler StatsiteHandler TSDBHandler
  cloudwatchHandler rmqHandler zmqHandler
`);

const KINDS = [
  ["collector", "Collector", COLLECTORS],
  ["handler", "Handler", HANDLERS],
] as const;

/** The problem of a section whose class is not there: an error only where the section is used. */
export function lacking(
  kind: "collector" | "handler",
  section: string,
  known: readonly string[],
  at: Origin,
  isUsed: boolean,
): Problem {
  const [name] = section.split(/\s+/);
  const message = `there is no ${kind} "${name}"${whyMissing(kind, name, known)}`;
  const problem = { ...notice(at, message), lacks: section };
  return isUsed ? problem : { ...problem, severity: "warning" };
}

/** Completes the message `there is no collector "X"`: with what replaced it, or with a similar name. */
function whyMissing(
  kind: "collector" | "handler",
  name: string,
  known: readonly string[],
): string {
  const isDiamonds = (kind === "collector" ? COLLECTORS : HANDLERS).includes(name);
  return isDiamonds ? ` here yet: ${notBuiltIn(kind)}` : didYouMean(name, known);
}

/** Diamond's name for a word such as `amavis`; undefined where it has none. */
export function diamondsName(
  word: string,
): { readonly name: string; readonly kind: "collector" | "handler" } | undefined {
  for (const [kind, ending, names] of KINDS) {
    const forms = [word, word + ending].map((form) => form.toLowerCase());
    const name = names.find((one) => forms.includes(one.toLowerCase()));
    if (name !== undefined) return { name, kind };
  }
  return undefined;
}

/** What it is, and what to do meanwhile. */
export function notBuiltIn(kind: "collector" | "handler"): string {
  return `it is one of Diamond's and not built in; Diamond's own file works, with its folder in ${kind}s_path`;
}
