/** Nagios with one host and one service, both of which are well. */

import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { until } from "../harness/agent_process.ts";
import { type Place, run, say } from "./daemon.ts";

export const nagiosPackages = { nagios4: "nagios4-core", nagios4stats: "nagios4-core" };

export interface Nagios {
  readonly version: string;
  readonly conf: string;
  /** The file that performance data is written to. */
  readonly perfdata: string;
  stop(): Promise<void>;
}

const DAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");

export async function nagios({ folder }: Place): Promise<Nagios> {
  const [conf, perfdata] = [`${folder}/nagios.cfg`, `${folder}/perfdata`];
  for (const name of ["results", "rw"]) mkdirSync(`${folder}/${name}`);
  const fields = ["HOSTNAME", "SERVICEDESC", "SERVICEPERFDATA"].map((name) => `${name}::$${name}$`);
  writeFileSync(
    conf,
    `log_file=${folder}/log
cfg_file=${folder}/objects.cfg
object_cache_file=${folder}/objects.cache
status_file=${folder}/status.dat
status_update_interval=1
nagios_user=nagios
nagios_group=nagios
command_file=${folder}/rw/commands
lock_file=${folder}/lock
temp_file=${folder}/temp
temp_path=${folder}
check_result_path=${folder}/results
state_retention_file=${folder}/retention
process_performance_data=1
service_perfdata_file=${perfdata}
service_perfdata_file_template=DATATYPE::SERVICEPERFDATA\\tTIMET::$TIMET$\\t${fields.join("\\t")}
use_syslog=0
query_socket=${folder}/rw/query
`,
  );
  writeFileSync(`${folder}/objects.cfg`, objects());
  say("chown", ["-R", "nagios", folder]);
  const server = run("nagios4", [conf]);
  await until(
    "Nagios has checked its service",
    () => (statSync(perfdata, { throwIfNoEntry: false })?.size ?? 0) > 0,
    90,
  );
  const status = () => say("cat", [`${folder}/status.dat`]);
  await until("Nagios knows that", () => status().includes("has_been_checked=1"), 60);
  const version = say("sh", ["-c", "nagios4 -V; true"]).match(/Core (\S+)/)![1];
  return { version, conf, perfdata, stop: server.stop };
}

function objects(): string {
  const common =
    "check_command ok\n max_check_attempts 1\n check_period always\n contacts nobody\n" +
    " check_interval 1\n";
  return `define timeperiod {
 timeperiod_name always
 alias always
${DAYS.map((day) => ` ${day} 00:00-24:00\n`).join("")}}
define command {
 command_name ok
 command_line /bin/echo "OK|time=0.5s 'disk use'=7KB"
}
define contact {
 contact_name nobody
 service_notification_period always
 host_notification_period always
 service_notification_commands ok
 host_notification_commands ok
}
define host {
 host_name vm
 address 127.0.0.1
 ${common}}
define service {
 host_name vm
 service_description a check
 ${common} retry_interval 1
}
`;
}
