/** What each discovery finds, by what the service says, its program prints, or a file holds; and that the like is not it. */

import { deepEqual, match } from "node:assert/strict";
import { describe, it } from "node:test";
import { found, type Machine, page, talk } from "../harness/machine.ts";

interface Case extends Machine {
  readonly collector: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly lacks?: RegExp;
}

const port = (number: number) => ({
  [`0100007F:${number.toString(16).toUpperCase().padStart(4, "0")}`]: number,
});
const file = (path: string, text = "") => ({ [path]: text });
const HEAD = "Host: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n";
const SQUID = `GET cache_object://localhost/counters HTTP/1.0\r\n${HEAD}`;
const ROOT = file("proc/self/status", "Uid:\t0\t0\t0\t0\n");

const cases: readonly Case[] = [
  {
    collector: "BeanstalkdCollector",
    tcp: port(11_300),
    asked: [talk("127.0.0.1:11300", "stats\r\n", "OK 913\r\n---\n")],
    options: { host: "127.0.0.1", port: "11300" },
  },
  {
    collector: "ZookeeperCollector",
    tcp: port(2181),
    asked: [talk("127.0.0.1:2181", "mntr", "zk_version\t3.8.0\n")],
    options: { hosts: "127.0.0.1:2181," },
  },
  {
    collector: "ZookeeperCollector",
    tcp: port(2181),
    asked: [
      talk("127.0.0.1:2181", "mntr", "mntr is not executed because it is not in the whitelist."),
    ],
    lacks: /4lw\.commands\.whitelist=mntr/,
  },
  {
    collector: "TwemproxyCollector",
    tcp: port(22_222),
    asked: [{
      talk: "127.0.0.1:22222",
      steps: [{ receive: ['{"service":"nutcracker", "source":"vm"}'] }],
    }],
    options: { hosts: "127.0.0.1:22222," },
  },
  {
    collector: "ApcupsdCollector",
    programs: { apcupsd: [9] },
    tcp: { "0100007F:0DE0": 9 },
    asked: [talk("127.0.0.1:3552", "\0\x06status", "\0\x18APC      : 001,036,0879\n")],
    options: { hostname: "127.0.0.1", port: "3552" },
  },
  {
    collector: "SquidCollector",
    tcp: port(3128),
    asked: [talk("127.0.0.1:3128", SQUID, "HTTP/1.1 200 OK\r\n")],
    options: { hosts: "127.0.0.1:3128," },
  },
  {
    collector: "SquidCollector",
    tcp: port(3128),
    asked: [talk("127.0.0.1:3128", SQUID, "HTTP/1.1 403 Forbidden\r\n")],
    lacks: /http_access allow localhost manager/,
  },
  {
    collector: "OpenLDAPCollector",
    tcp: port(389),
    asked: [{
      talk: "127.0.0.1:389",
      steps: [
        { send: { base64: "MAwCAQFgBwIBAwQAgAA=" } },
        { receive: { base64: "MAwCAQFhBwoBAAQABAA=" } },
      ],
    }],
    lacks: /monitor/,
  },
  {
    collector: "PgbouncerCollector",
    tcp: port(6432),
    asked: [{
      talk: "127.0.0.1:6432",
      steps: [{ send: { base64: "AAAACATSFi8=" } }, { receive: ["N"] }],
    }],
    lacks: /stats_users = diamond/,
  },
  {
    collector: "BindCollector",
    tcp: port(8053),
    asked: [
      page("http://127.0.0.1:8053/", 200, '<?xml version="1.0"?><statistics version="3.13">'),
    ],
    options: { host: "127.0.0.1", port: "8053" },
  },
  { collector: "BindCollector", programs: { named: [] }, lacks: /statistics-channels/ },
  {
    collector: "EtcdCollector",
    tcp: port(2379),
    asked: [
      page("http://127.0.0.1:2379/version", 200, '{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}'),
    ],
    options: { host: "127.0.0.1", port: "2379" },
  },
  {
    collector: "JolokiaCollector",
    tcp: port(8778),
    asked: [page("http://127.0.0.1:8778/jolokia/version", 200, '{"value":{"agent":"1.7.2"}}')],
    options: { host: "127.0.0.1", port: "8778" },
  },
  {
    collector: "KafkaCollector",
    tcp: port(8082),
    asked: [page(
      "http://127.0.0.1:8082/serverbydomain?template=identity&querynames=%2Akafka%2A%3A%2A",
      200,
      '<Server><Domain name="kafka.server">',
    )],
    options: { host: "127.0.0.1", port: "8082" },
  },
  {
    collector: "MonitCollector",
    tcp: port(2812),
    asked: [page("http://127.0.0.1:2812/_status?format=xml", 200, "<?xml?><monit><server>")],
    options: { host: "127.0.0.1", port: "2812" },
  },
  {
    collector: "MonitCollector",
    tcp: port(2812),
    asked: [
      page("http://127.0.0.1:2812/_status?format=xml", 401, "no", { server: "monit 5.33.0" }),
    ],
    lacks: /allow diamond:PASSWORD read-only/,
  },
  {
    collector: "EximCollector",
    programs: { exim4: [] },
    commands: { "exim -bpc": { stdout: "0\n" } },
    options: { bin: "exim" },
  },
  {
    collector: "UnboundCollector",
    programs: { unbound: [] },
    commands: {
      "unbound-control stats_noreset": { stdout: "", stderr: "error: permission denied", code: 1 },
    },
    lacks: /permission denied/,
  },
  {
    collector: "PowerDNSCollector",
    programs: { pdns_server: [] },
    commands: { "pdns_control list": { stdout: "uptime=3," } },
    options: { bin: "pdns_control" },
  },
  {
    collector: "NagiosStatsCollector",
    programs: { nagios4: [] },
    commands: { "nagiostats --mrtg --data=NUMHSTUP": { stdout: "3\n" } },
    options: { bin: "nagiostats", use_sudo: "False" },
  },
  {
    collector: "UPSCollector",
    programs: { upsd: [] },
    commands: { "upsc -l": { stdout: "rack1\nrack2\n" } },
    options: { bin: "upsc", ups_name: "rack1" },
  },
  {
    collector: "CephCollector",
    files: file("var/run/ceph/ceph-mon.a.asok"),
    commands: { ceph: { stdout: "" } },
    options: { ceph_binary: "ceph" },
  },
  {
    collector: "LibvirtKVMCollector",
    files: file("var/run/libvirt/libvirt-sock-ro"),
    commands: { virsh: { stdout: "" } },
    options: { bin: "virsh" },
  },
  {
    collector: "OpenVPNCollector",
    files: {
      ...file("run/openvpn-server/status-a.log", "TITLE,OpenVPN 2.6.3\n"),
      ...file("run/openvpn-server/status-b.log", "something else\n"),
      ...file("var/log/openvpn/openvpn-status.log", "OpenVPN CLIENT LIST\n"),
    },
    options: {
      instances:
        "file:///run/openvpn-server/status-a.log, file:///var/log/openvpn/openvpn-status.log,",
    },
  },
  {
    collector: "PuppetAgentCollector",
    files: file("opt/puppetlabs/puppet/public/last_run_summary.yaml", "---\n"),
    options: { yaml_path: "/opt/puppetlabs/puppet/public/last_run_summary.yaml" },
  },
  {
    collector: "PressureCollector",
    files: file("proc/pressure/cpu", "some avg10=0.00\n"),
    options: {},
  },
  { collector: "DRBDCollector", files: file("proc/drbd"), options: {} },
  {
    collector: "XFSCollector",
    files: { ...file("proc/fs/xfs/stat"), ...file("proc/mounts", "/dev/sda1 / xfs rw 0 0\n") },
    options: {},
  },
  {
    collector: "MountStatsCollector",
    files: file("proc/mounts", "n:/a /a nfs4 rw 0 0\n"),
    options: {},
  },
  {
    collector: "NfsCollector",
    files: { ...file("proc/mounts", "n:/a /a nfs rw 0 0\n"), ...file("proc/net/rpc/nfs") },
    options: {},
  },
  {
    collector: "NfsdCollector",
    files: file("proc/net/rpc/nfsd", "rc 0 0 0\nth 8 0\n"),
    options: {},
  },
  { collector: "NumaCollector", files: file("sys/devices/system/node/node1/meminfo"), options: {} },
  { collector: "KSMCollector", files: file("sys/kernel/mm/ksm/run", "1\n"), options: {} },
  { collector: "KVMCollector", files: file("sys/kernel/debug/kvm/exits", "5\n"), options: {} },
  {
    collector: "LMSensorsCollector",
    files: file("sys/class/hwmon/hwmon0/temp1_input", "1\n"),
    options: {},
  },
  {
    collector: "IPMISensorCollector",
    files: file("dev/ipmi0"),
    commands: { ipmitool: { stdout: "" } },
    lacks: /NOPASSWD: ipmitool/,
  },
  {
    collector: "IPVSCollector",
    files: {
      ...ROOT,
      ...file("proc/net/ip_vs", "IP Virtual Server version 1.2.1\nTCP  0A000001:0050 rr\n"),
    },
    commands: { ipvsadm: { stdout: "" } },
    options: { bin: "ipvsadm", use_sudo: "False" },
  },
  {
    collector: "NvidiaGPUCollector",
    files: file("proc/driver/nvidia/version"),
    commands: { "nvidia-smi": { stdout: "" } },
    options: { bin: "nvidia-smi" },
  },
];

describe("discover finds, by a sign of its own", () => {
  for (const { collector, options, lacks, ...machine } of cases) {
    it(`${collector}${lacks === undefined ? "" : ", and what it lacks"}`, async () => {
      const one = (await found(machine)).find((other) => other.collector === collector);
      if (options !== undefined) deepEqual(one?.options, options);
      match(one?.lacks?.join("\n") ?? "", lacks ?? /^$/);
    });
  }
});

describe("discover does not take for a service", () => {
  it("another one at its port", async () => {
    const ports = [389, 2181, 2379, 2812, 3128, 3551, 6432, 8053, 8082, 8778, 11_300, 22_222];
    const web = [2379, 2812, 8053, 8082, 8778].flatMap((at) =>
      ["/", "/json/v1", "/version", "/jolokia/version", "/_status?format=xml"].map((path) =>
        page(`http://127.0.0.1:${at}${path}`, 200, "<html>Welcome</html>")
      )
    );
    const others = ports.map((at) => ({
      talk: `127.0.0.1:${at}`,
      steps: [{ receive: ["HTTP/1.1 400 Bad Request and more of it"] }],
    }));
    const tcp = Object.assign({}, ...ports.map(port));
    deepEqual(await found({ tcp, asked: [...web, ...others] }), []);
  });

  it("a kernel's table that is empty, a disk without its program, a file of another kind", async () => {
    const files = {
      ...file("proc/net/ip_vs", "IP Virtual Server version 1.2.1\nProt LocalAddress:Port\n"),
      ...file("proc/net/rpc/nfsd", "th 0 0\n"),
      ...file("proc/mounts", "/dev/sda1 / ext4 rw 0 0\nnfsd /proc/fs/nfsd nfsd rw 0 0\n"),
      ...file("proc/fs/xfs/stat"),
      ...file("proc/mdstat", "Personalities :\nunused devices: <none>\n"),
      ...file("sys/kernel/mm/ksm/run", "0\n"),
      ...file("sys/class/hwmon/hwmon0/name", "acpi\n"),
      ...file("sys/devices/system/node/node0/meminfo"),
      ...file("dev/ipmi0"),
      ...file("var/log/openvpn/status.log", "hello\n"),
      ...file("var/run/ceph/other.sock"),
    };
    deepEqual(await found({ files, programs: { unbound: [], upsd: [], exim4: [] } }), []);
  });
});
