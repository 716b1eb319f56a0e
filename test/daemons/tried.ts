/** A collector of the executable against its real service: the values, and the state once the service is gone. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agent, freePort, start, until } from "../harness/agent_process.ts";
import type { Daemon, Figures, Service } from "./daemon.ts";

export interface Findings {
  readonly version: string;
  readonly published: number;
  readonly compared: number;
  readonly equal: number;
  /** What is not as it should be. */
  readonly wrong: readonly string[];
  /** What Diamond had and this version has no longer: `name: why`. */
  readonly absent: readonly string[];
  /** State of the collector once the service is stopped, and what it says. */
  readonly afterwards: string;
}

const HOST = "tested";

export async function tried(daemon: Daemon): Promise<Findings> {
  const base = mkdtempSync(join(tmpdir(), "daemon-"));
  const folder = join(base, "service");
  mkdirSync(folder);
  // Many services become another user, who has to come through.
  chmodSync(base, 0o755);
  chmodSync(folder, 0o777);
  try {
    const service = await daemon.start({ folder, port: await freePort() });
    let runs = true;
    const stop = async () => {
      if (runs) await service.stop();
      runs = false;
    };
    try {
      const conf = configuration(base, daemon, service);
      const values = await compared(daemon, service, conf);
      const { afterwards, wrong } = await withoutService(daemon, conf, stop);
      return { ...values, wrong: [...values.wrong, ...wrong], afterwards };
    } finally {
      await stop();
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

function configuration(base: string, { collector }: Daemon, { options }: Service): string {
  const conf = join(base, "diamond.conf");
  writeFileSync(
    conf,
    `[server]
handlers = ArchiveHandler
pid_file = ${base}/agent.pid
state_path = ${base}/state
[handlers]
[[ArchiveHandler]]
log_file = ${base}/archive.log
[collectors]
[[default]]
hostname = ${HOST}
interval = 1
rates = diamond
[[${collector}]]
enabled = True
${options}`,
    { mode: 0o600 },
  );
  return conf;
}

/** Between two looks of the service's own client: what did not move has to be the same. */
async function compared({ collector, secondRun }: Daemon, service: Service, conf: string) {
  const before = await service.client();
  const rounds = secondRun === undefined ? ["1"] : ["2", "--round-interval-ms", `${secondRun}`];
  const { stdout, stderr } = agent([
    "collect",
    collector,
    "--json",
    "-c",
    conf,
    "--rounds",
    ...rounds,
  ]);
  const after = await service.client();
  const published = figuresOf(stdout);
  const wrong = stderr.trim() === "" ? [] : [`collect says: ${stderr.trim()}`];
  let equal = 0;
  for (const [name, value] of before) {
    const found = published.get(name);
    const share = service.moves?.[name] ?? 0;
    if (found === undefined) wrong.push(`${name} is not published; the client says ${value}`);
    else if (isBetween(found, value, after.get(name) ?? value, share)) equal++;
    else wrong.push(`${name} is ${found}; the client says ${value}, then ${after.get(name)}`);
  }
  const gone = Object.entries(service.gone ?? {});
  for (const [name] of gone) if (published.has(name)) wrong.push(`${name} is there after all`);
  return {
    version: service.version,
    published: published.size,
    compared: before.size,
    equal,
    wrong,
    absent: gone.map(([name, why]) => `${name}: ${why}`),
  };
}

/** By the names behind the collector's path; those of another host by their whole path. */
export function figuresOf(lines: string): Figures {
  const found = new Map<string, number>();
  for (const line of lines.split("\n").filter((text) => text.startsWith("{"))) {
    const { path, host, name, value, raw = value } = JSON.parse(line);
    found.set(host === HOST ? name : path, Number(raw));
  }
  return found;
}

/** As far as the decimals go that it is published with. */
export function isBetween(value: number, one: number, other: number, share: number): boolean {
  const decimals = /\.(\d+)$/.exec(String(value))?.[1].length ?? 0;
  const slack = 0.5000001 * 10 ** -decimals;
  const [low, high] = one < other ? [one, other] : [other, one];
  return value >= low - Math.abs(low) * share - slack &&
    value <= high + Math.abs(high) * share + slack;
}

/** The agent notices, says why in one line, and goes on saying it. */
async function withoutService(
  daemon: Daemon,
  conf: string,
  stop: () => Promise<void>,
): Promise<{ afterwards: string; wrong: string[] }> {
  if (daemon.survives !== undefined) return { afterwards: daemon.survives, wrong: [] };
  const running = start(["run", "-f", "-l", "-c", conf]);
  const state = () => stateOf(daemon.collector, conf);
  const isWell = () => /^ok|: Its runs publish nothing$/.test(state() ?? "");
  try {
    await until("the collector is well", isWell).catch((error) => {
      throw new Error(`${error.message}: ${state()} ${running.output()}`);
    });
    await stop();
    // A question that was under way may end in another way than those after it.
    let last = state();
    const afterwards = await until("the collector keeps saying what is wrong", async () => {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const before = last;
      last = state();
      return last === before && !isWell() ? last : undefined;
    }, 30);
    const isClear = /: \S/.test(afterwards) && !afterwards.includes("\n");
    return { afterwards, wrong: isClear ? [] : [`without it, it says "${afterwards}"`] };
  } finally {
    await running.end();
  }
}

/** `no data: cannot connect to …`; undefined before the agent answers. */
function stateOf(collector: string, conf: string): string | undefined {
  const { stdout } = agent(["status", "--json", "-c", conf]);
  if (!stdout.startsWith("{")) return undefined;
  const { state, absent, error } = JSON.parse(stdout).collectors.find((
    { name }: { name: string },
  ) => name === collector);
  return `${state}: ${absent ?? error?.message ?? ""}`;
}
