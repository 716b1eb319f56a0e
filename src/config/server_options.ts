/** The keys of `[server]`, declared like any others. */

import {
  bool,
  choice,
  duration,
  integer,
  isFalse,
  isTrue,
  list,
  number,
  type Options,
  type Raw,
  secret,
  size,
  text,
  type Values,
} from "../core/option.ts";
import { pageOption } from "./page.ts";

export const serverOptions = {
  handlers: list(
    [],
    "Where metrics go: one handler's name or several; diamond.handler.graphite.GraphiteHandler works too",
  ),
  handlers_path: list([], "Directories with handlers of your own, *.ts *.js *.mjs"),
  handlers_config_path: text(
    "",
    "Directory with one file per handler, such as /etc/diamond/handlers",
  ),
  collectors_path: list([], "Directories with collectors of your own, *.ts *.js *.mjs *.py"),
  collectors_config_path: text(
    "",
    "Directory with one file per collector, such as /etc/diamond/collectors",
  ),
  collectors_reload_interval: number(
    0,
    "Seconds between looks at changed files of configuration and collectors; 0: at SIGHUP only",
    {
      min: 0,
    },
  ),
  isolation: choice(
    "process",
    ["process", "none"],
    "Where collectors of your own run: in a process of their own, or in the agent",
  ),
  handlers_isolation: choice(
    "process",
    ["process", "none"],
    "Handlers of handlers_path run each in a process of its own; none: in the agent",
  ),
  python: text(
    "",
    "What runs collectors in Python; empty: python3, python2.7 or python of PATH; none: nothing",
  ),
  custom_max_memory: size(268_435_456, "Memory of that process; over it, it is restarted", {
    min: 67_108_864,
  }),
  custom_max_cpu: number(
    100,
    "Percent of one CPU that it may take over a minute; over it, it is restarted",
    { min: 1 },
  ),
  pid_file: text("/var/run/diamond.pid", "Where the daemon's process id is written"),
  user: text("", "The user to run as; empty: whoever starts it"),
  group: text("", "The group to run as; empty: the user's"),
  strict_permissions: bool(
    false,
    "Do not start with, or take over, a configuration that others than root and the agent's user can change; otherwise check, status and the log warn of it",
  ),
  self_metrics: selfMetrics(),
  state_path: text(
    "",
    "Folder for what is kept between two starts: books and last counter values; empty: /var/lib/diamond, and below it a folder for each configuration that is not /etc/diamond/diamond.conf; off: nothing is kept",
  ),
  spool_path: text(
    "",
    "Folder for what cannot be delivered, on a local disk; empty: spool in state_path; off: memory only",
  ),
  spool_max_bytes: size(
    268_435_456,
    "Room for each handler's spool; over it the oldest go, counted",
    {
      min: 1_048_576,
    },
  ),
  spool_max_age: duration(604_800, "What is older in the spool is given up, counted", { min: 60 }),
  spool_sync: choice(
    "process",
    ["process", "power"],
    "What a spooled batch survives: a kill of the agent, or the loss of power, which syncs the disk with each batch",
  ),
  socket: text(
    "",
    "Where status and its like find the agent; empty: pid_file with .sock; off: nowhere",
  ),
  page: pageOption(),
  page_token: secret(
    "",
    "What a browser or a Grafana has to know to read the page; needed where page is not a loopback address",
  ),
  page_hosts: list(
    [],
    "Names under which the page is asked besides localhost and this host's own, such as a proxy's; others are refused",
  ),
  max_memory: size(
    134_217_728,
    "Near this the agent's queues go to the spool, or are dropped, counted",
    { min: 67_108_864 },
  ),
  max_series: integer(100_000, "Series of all collectors at most", { min: 1 }),
  memory: choice(
    "normal",
    ["plain", "normal", "low"],
    "low: a third less memory for about three times the CPU time; plain: the runtime as it comes, to trace a crash",
  ),
  stop_timeout: number(5, "Seconds that the last flush may take when the agent stops", { min: 0 }),
  procfs: text("", "Read this instead of /proc"),
  sysfs: text("", "Read this instead of /sys"),
  rootfs: text("", "Read files and mounts below this instead of /"),
} satisfies Options;

/** `True` and `False` are accepted for `full` and `off`. */
function selfMetrics() {
  const option = choice(
    "lean",
    ["off", "lean", "full"],
    "What the agent publishes of itself as the collector diamond. lean: at most ten series; full: also six for each collector, eighteen for each handler",
  );
  return {
    ...option,
    parse(raw: Raw) {
      if (typeof raw !== "string") return option.parse(raw);
      if (isTrue(raw)) return "full";
      return isFalse(raw) ? "off" : option.parse(raw);
    },
  };
}

/** Keys that Diamond had and that mean nothing here: accepted without a word. */
export const retiredServerOptions = {
  collectors_load_delay: number(1, "Collectors start at once"),
  metric_queue_size: integer(16_384, "Queues are bounded by queue_bytes of each handler"),
  abort_on_handlers_process_exit: bool(false, "There is one process only"),
} satisfies Options;

export type ServerValues = Values<typeof serverOptions>;
