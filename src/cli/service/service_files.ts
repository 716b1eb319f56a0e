/**
 * What starts the agent with the machine, for each kind of service manager. `conf/` and the packages
 * have these with their usual paths, `service` writes them with those of this host.
 */

import { runtimeEnvironment, runtimeSettings } from "../../core/runtime_settings.ts";

interface ServicePaths {
  readonly program: string;
  readonly config: string;
}

export const USUAL_PATHS: ServicePaths = {
  program: "/usr/local/bin/diamond-agent",
  config: "/etc/diamond/diamond.conf",
};

export type Manager = "systemd" | "openrc" | "sysv" | "launchd" | "windows";

export interface ServiceFile {
  /** Where it belongs. */
  readonly path: string;
  readonly mode: number;
  text(paths: ServicePaths): string;
  /** Commands that make it known and start it; that stop it, before it is removed; and that say it is gone. */
  readonly install: readonly (readonly string[])[];
  readonly remove: readonly (readonly string[])[];
  readonly removed: readonly (readonly string[])[];
}

const UNIT = "diamond-agent.service";
const LABEL = "diamond-agent";

export const serviceFiles: Readonly<Record<Manager, ServiceFile>> = {
  systemd: {
    path: `/etc/systemd/system/${UNIT}`,
    mode: 0o644,
    text: systemdUnit,
    install: [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", UNIT]],
    remove: [["systemctl", "disable", "--now", UNIT]],
    removed: [["systemctl", "daemon-reload"]],
  },
  openrc: {
    path: "/etc/init.d/diamond-agent",
    mode: 0o755,
    text: openrcScript,
    install: [["rc-update", "add", "diamond-agent", "default"], [
      "rc-service",
      "diamond-agent",
      "start",
    ]],
    remove: [["rc-service", "diamond-agent", "stop"], ["rc-update", "del", "diamond-agent"]],
    removed: [],
  },
  sysv: {
    path: "/etc/init.d/diamond-agent",
    mode: 0o755,
    text: sysvScript,
    install: [["update-rc.d", "diamond-agent", "defaults"], [
      "/etc/init.d/diamond-agent",
      "start",
    ]],
    remove: [["/etc/init.d/diamond-agent", "stop"]],
    removed: [["update-rc.d", "diamond-agent", "remove"]],
  },
  launchd: {
    path: `/Library/LaunchDaemons/${LABEL}.plist`,
    mode: 0o644,
    text: launchdPlist,
    install: [["launchctl", "bootstrap", "system", `/Library/LaunchDaemons/${LABEL}.plist`]],
    remove: [["launchctl", "bootout", `system/${LABEL}`]],
    removed: [],
  },
  windows: {
    path: "C:\\ProgramData\\diamond-agent\\task.xml",
    mode: 0o644,
    text: windowsTask,
    install: [
      [
        "schtasks",
        "/Create",
        "/TN",
        LABEL,
        "/XML",
        "C:\\ProgramData\\diamond-agent\\task.xml",
        "/F",
      ],
      ["schtasks", "/Run", "/TN", LABEL],
    ],
    remove: [["schtasks", "/End", "/TN", LABEL], ["schtasks", "/Delete", "/TN", LABEL, "/F"]],
    removed: [],
  },
};

function systemdUnit({ program, config }: ServicePaths): string {
  return `[Unit]
Description=diamond-agent: collects this host's metrics
Documentation=man:diamond-agent(1)
After=network-online.target
Wants=network-online.target
# The runtime needs it before the agent can say so.
ConditionPathExists=/proc/self/maps

[Service]
Type=notify
# Where the agent cannot speak for itself, systemd-notify does, a child of it.
NotifyAccess=all
# Fed only while data flows: collections complete, and queued points are being sent.
WatchdogSec=120
# SIGABRT would have the runtime print a report of a crash that is none.
WatchdogSignal=SIGKILL
ExecStart=${program} run --foreground --skip-pidfile --configfile ${config}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
TimeoutStartSec=60
TimeoutStopSec=15

# The runtime reads these before the agent can: fewer wake-ups, less memory, more threads for files
# and names than there are processors.
Environment=${runtimeEnvironment.join(" ")}
# With these set, the runtime would load code that nobody meant it to.
UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN BUN_INSPECT BUN_INSPECT_PRELOAD NODE_OPTIONS NODE_EXTRA_CA_CERTS LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT

# A user of its own, who owns /var/log/diamond, /var/lib/diamond and /run/diamond and nothing else.
# Collectors that need root's eyes (other users' /proc/PID/io) want User=root in a drop-in, and
# CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH: systemctl edit diamond-agent.
DynamicUser=yes
User=diamond-agent
LogsDirectory=diamond
StateDirectory=diamond
RuntimeDirectory=diamond
ConfigurationDirectory=diamond

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectHostname=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# The runtime compiles what runs often. MemoryDenyWriteExecute=yes works as well, and takes five times the
# processor's time and 25 MB more.
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@resources @privileged
SystemCallErrorNumber=EPERM
UMask=0027

[Install]
WantedBy=multi-user.target
`;
}

function openrcScript({ program, config }: ServicePaths): string {
  return `#!/sbin/openrc-run
# What differs on a host goes to /etc/conf.d/diamond-agent.

name="diamond-agent"
description="Collects this host's metrics"
: "\${config:=${config}}"
command="${program}"
command_args="run --foreground --skip-pidfile --configfile $config"
command_background=true
pidfile="/run/diamond-agent.pid"
output_log="/var/log/diamond-agent.log"
error_log="/var/log/diamond-agent.log"
required_files="$config"
extra_started_commands="reload"
retry="TERM/15/KILL/5"

# With these set, the runtime would load code that nobody meant it to.
unset BUN_OPTIONS BUN_BE_BUN BUN_INSPECT NODE_OPTIONS LD_PRELOAD LD_LIBRARY_PATH
export ${runtimeEnvironment.join(" ")}

depend() {
  need net
  after firewall
}

start_pre() {
  checkpath --directory --mode 0755 /var/log/diamond /var/lib/diamond
}

reload() {
  ebegin "Reading the configuration again"
  start-stop-daemon --signal HUP --pidfile "$pidfile"
  eend $?
}
`;
}

function sysvScript({ program, config }: ServicePaths): string {
  return `#!/bin/sh
### BEGIN INIT INFO
# Provides:          diamond-agent
# Required-Start:    $remote_fs $network $time
# Required-Stop:     $remote_fs $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Collects this host's metrics
### END INIT INFO

# What differs on a host goes to /etc/default/diamond-agent.
DAEMON=${program}
CONFIG=${config}
PIDFILE=/var/run/diamond.pid
STOP_SECONDS=30
[ -r "\${DEFAULTS:-/etc/default/diamond-agent}" ] && . "\${DEFAULTS:-/etc/default/diamond-agent}"

[ -x "$DAEMON" ] || { echo "diamond-agent: $DAEMON is not there" >&2; exit 5; }

# With these set, the runtime would load code that nobody meant it to.
unset BUN_OPTIONS BUN_BE_BUN BUN_INSPECT NODE_OPTIONS LD_PRELOAD LD_LIBRARY_PATH
export ${runtimeEnvironment.join(" ")}

# The pid of the running agent; nothing where it does not run.
running() {
  pid=$(cat "$PIDFILE" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

start() {
  if running >/dev/null; then echo "diamond-agent runs already"; return 0; fi
  "$DAEMON" -p "$PIDFILE" -c "$CONFIG" && echo "diamond-agent started"
}

stop() {
  pid=$(running) || { echo "diamond-agent does not run"; return 0; }
  kill -TERM "$pid"
  waited=0
  while [ "$(running)" = "$pid" ]; do
    if [ "$waited" -ge $((STOP_SECONDS * 10)) ]; then kill -KILL "$pid"; break; fi
    waited=$((waited + 1))
    sleep 0.1
  done
  rm -f "$PIDFILE"
  echo "diamond-agent stopped"
}

case "\${1:-}" in
  start) start ;;
  stop) stop ;;
  restart) stop && start ;;
  reload | force-reload)
    pid=$(running) || { echo "diamond-agent does not run" >&2; exit 7; }
    kill -HUP "$pid"
    ;;
  status)
    if pid=$(running); then echo "diamond-agent runs as process $pid"; else echo "diamond-agent does not run"; exit 3; fi
    ;;
  *) echo "Usage: $0 {start|stop|restart|reload|status}" >&2; exit 2 ;;
esac
`;
}

/** Source: launchd.plist(5). */
function launchdPlist({ program, config }: ServicePaths): string {
  const words = [program, "run", "--foreground", "--skip-pidfile", "--configfile", config];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${escaped(word)}</string>`).join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
${
    Object.entries(runtimeSettings).map(([name, value]) =>
      `    <key>${name}</key>\n    <string>${value}</string>`
    ).join("\n")
  }
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ProcessType</key>
  <string>Background</string>
  <key>StandardErrorPath</key>
  <string>/var/log/diamond-agent.log</string>
</dict>
</plist>
`;
}

/** Source: https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema */
function windowsTask({ program, config }: ServicePaths): string {
  return `<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Collects this host's metrics</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger />
  </Triggers>
  <Principals>
    <Principal id="System">
      <UserId>S-1-5-18</UserId>
    </Principal>
  </Principals>
  <Settings>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
  </Settings>
  <Actions Context="System">
    <Exec>
      <Command>${escaped(program)}</Command>
      <Arguments>run --foreground --skip-pidfile --configfile "${escaped(config)}"</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
