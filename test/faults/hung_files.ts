/**
 * The agent's own files on a FUSE file system that does not answer: it starts, says so, sends each tick of what does
 * not lie there, and stops. Its configuration there is an error. Needs root and /dev/fuse.
 *
 *     npm run long -- hung_files [--seconds 20]
 */

import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agent, start, until } from "../harness/agent_process.ts";
import { hangingMount } from "../harness/hanging_mount.ts";
import { complaints, fault, flag, receiver, sleep, timestampOf } from "./fault.ts";

const seconds = flag("seconds", 20);
/** Of a call into a file system that does not answer; the start makes one for each. */
const DEADLINE_SECONDS = 2;

await fault("hung files", async (directory) => {
  const point = join(directory, "hanging");
  const mount = hangingMount(point);
  const problems: string[] = [];
  const server = await receiver();
  const config = join(directory, "diamond.conf");
  const socket = join(directory, "socket");
  writeFileSync(
    config,
    `[server]
handlers = GraphiteHandler, GraphiteHandler secure, ArchiveHandler
pid_file = ${join(directory, "agent.pid")}
socket = ${socket}
state_path = ${point}/state
spool_path = ${point}/spool
collectors_path = ${point}/plugins
handlers_path = ${point}/handlers
collectors_config_path = ${point}/collectors
collectors_reload_interval = 1
[handlers]
[[GraphiteHandler]]
host = 127.0.0.1
port = ${server.port}
[[GraphiteHandler secure]]
host = 127.0.0.1
port = ${server.port}
tls = True
ca = ${point}/ca.pem
[[ArchiveHandler]]
log_file = ${point}/archive.log
[collectors]
[[default]]
interval = 1
hostname = web1
[[LoadAverageCollector]]
enabled = True
[[UserScriptsCollector]]
enabled = True
scripts_path = ${point}/scripts
[loggers]
keys = root
[formatters]
keys = default
[logger_root]
level = INFO
handlers = file
[handler_file]
class = FileHandler
args = ("${point}/log",)
formatter = default
[formatter_default]
format = %(message)s
`,
  );
  try {
    await mount.mounted();
    const begun = Date.now();
    const running = start(["run", "-f", "-c", config], { env: { PATH: `${point}:/usr/bin:/bin` } });
    await until("it collects", () => server.total > 0);
    const startedIn = (Date.now() - begun) / 1000;
    if (startedIn > 2 * DEADLINE_SECONDS + 4) problems.push(`the first point after ${startedIn} s`);
    const first = Math.ceil(Date.now() / 1000) + DEADLINE_SECONDS + 1;
    await sleep(seconds * 1000);
    const last = Math.floor(Date.now() / 1000) - 2;
    const status = agent(["status", "--json", "-c", config]);
    const { degraded } = JSON.parse(status.stdout) as { degraded: string[] };
    for (const wanted of [/log cannot/, /state cannot/, /spool/, /ArchiveHandler/, /secure/]) {
      if (!degraded.some((line) => wanted.test(line))) problems.push(`status lacks ${wanted}`);
    }
    if (status.code !== 1) problems.push(`status ends with ${status.code}`);
    const reload = agent(["reload", "-c", config]);
    if (reload.code !== 1 || !reload.stderr.includes("does not answer")) {
      problems.push(`reload ends with ${reload.code}: ${reload.stderr}`);
    }
    const stopping = Date.now();
    if (await running.end() !== 0) problems.push("the stop failed");
    const stoppedIn = (Date.now() - stopping) / 1000;
    if (!running.output().includes(`The file system at "${point}" does not answer`)) {
      problems.push("the terminal is not told");
    }
    problems.push(...complaints(running.output()));
    const stamps = [...server.lines.keys()].filter((line) => line.includes(".loadavg.01 "))
      .map(timestampOf).filter((stamp) => stamp >= first && stamp <= last);
    console.log(
      `  the first point after ${startedIn.toFixed(1)} s, ${stamps.length} of ` +
        `${last - first + 1} ticks, stopped in ${stoppedIn.toFixed(1)} s`,
    );
    if (stamps.length < last - first + 1) problems.push("ticks are missing");

    const link = join(directory, "link.conf");
    symlinkSync(`${point}/diamond.conf`, link);
    for (const path of [link, `${point}/diamond.conf`]) {
      const refused = agent(["run", "-f", "-c", path]);
      if (refused.code !== 1 || !refused.stderr.includes("does not answer")) {
        problems.push(
          `with its configuration there it ends with ${refused.code}: ${refused.stderr}`,
        );
      }
    }
    await server.close();
  } finally {
    mount.end();
  }
  return problems;
});
