/** Services that are asked with a program of their own. */

import type { ExecResult } from "../../ports/exec.ts";
import type { Discovery, Found, Place } from "./place.ts";

interface Command {
  readonly collector: string;
  /** As people call it. */
  readonly name: string;
  /** The processes that it has. */
  readonly daemons: readonly string[];
  /** The program that asks it, by the names that it has. */
  readonly program: readonly string[];
  readonly args: readonly string[];
  /** The option for the program. */
  readonly option?: string;
  /** Of the section, besides it. */
  readonly options?: Readonly<Record<string, string>>;
}

const COMMANDS: readonly Command[] = [
  {
    ...{ collector: "ChronydCollector", name: "chrony", daemons: ["chronyd"] },
    ...{ program: ["chronyc"], args: ["-n", "sourcestats"] },
  },
  {
    ...{ collector: "NtpdCollector", name: "ntpd", daemons: ["ntpd"] },
    ...{ program: ["ntpq"], args: ["-np"], option: "ntpq_bin" },
  },
  {
    ...{ collector: "VarnishCollector", name: "Varnish", daemons: ["varnishd", "cache-main"] },
    ...{ program: ["varnishstat"], args: ["-1"] },
  },
  {
    ...{ collector: "PostqueueCollector", name: "Postfix", daemons: ["master"] },
    ...{ program: ["postqueue"], args: ["-p"] },
  },
  {
    ...{ collector: "EximCollector", name: "Exim", daemons: ["exim4", "exim"] },
    ...{ program: ["exim", "exim4"], args: ["-bpc"] },
  },
  {
    ...{ collector: "UnboundCollector", name: "Unbound", daemons: ["unbound"] },
    ...{ program: ["unbound-control"], args: ["stats_noreset"] },
  },
  {
    ...{ collector: "PowerDNSCollector", name: "PowerDNS", daemons: ["pdns_server"] },
    ...{ program: ["pdns_control"], args: ["list"] },
  },
  {
    ...{ collector: "NagiosStatsCollector", name: "Nagios" },
    daemons: ["nagios4", "nagios3", "nagios"],
    program: ["nagios4stats", "nagios3stats", "nagiostats"],
    ...{ args: ["--mrtg", "--data=NUMHSTUP"], options: { use_sudo: "False" } },
  },
];

export const programs: readonly Discovery[] = [
  ...COMMANDS.map((command) => ({
    collector: command.collector,
    discover: (place: Place) => answerOf(place, command),
  })),
  {
    collector: "UPSCollector",
    async discover({ host, runs, signal }) {
      const bin = host.exec.find("upsc");
      if (bin === undefined || !runs(["upsd"])) return undefined;
      const { code, stdout } = await host.exec.run([bin, "-l"], { signal });
      const [ups] = stdout.split("\n");
      if (code !== 0 || ups === "") return undefined;
      return { why: `NUT has the UPS ${ups}`, options: { bin, ups_name: ups } };
    },
  },
  {
    collector: "CephCollector",
    discover({ host: { fs, exec } }) {
      const folder = "/var/run/ceph";
      const sockets = fs.exists(folder) ? fs.list(folder) : [];
      const bin = exec.find("ceph");
      if (bin === undefined || !sockets.some((name) => /^ceph-.*\.asok$/.test(name))) {
        return undefined;
      }
      return { why: `daemons of Ceph have sockets in ${folder}`, options: { ceph_binary: bin } };
    },
  },
  {
    collector: "LibvirtKVMCollector",
    discover({ host, sockets }) {
      const bin = host.exec.find("virsh");
      const [path] = sockets(["libvirtd", "virtqemud"], [
        "/var/run/libvirt/libvirt-sock-ro",
        "/var/run/libvirt/virtqemud-sock-ro",
      ]);
      return bin === undefined || path === undefined
        ? undefined
        : { why: `libvirt listens at ${path}`, options: { bin } };
    },
  },
];

async function answerOf(
  { runs, host, signal }: Place,
  { daemons, program, args, name, option = "bin", options: more }: Command,
): Promise<Found | undefined> {
  if (!runs(daemons)) return undefined;
  const bin = program.map((one) => host.exec.find(one)).find((path) => path !== undefined);
  if (bin === undefined) return undefined;
  const options = { [option]: bin, ...more };
  const why = `${name} runs`;
  const { code, stderr, stdout } = await host.exec.run([bin, ...args], { signal }).catch(
    (): ExecResult => ({ code: null, stderr: "it does not answer", stdout: "" }),
  );
  if (code === 0) return { why: `${why}, and ${bin} answers`, options };
  const [line] = (stderr.trim() || stdout.trim()).split("\n");
  const command = [bin, ...args].join(" ");
  return { why, options, lacks: [`an answer to ${command}, which says: ${line}`] };
}
