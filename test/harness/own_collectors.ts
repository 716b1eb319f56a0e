/** What the tests of collectors of the operator's own have in common: a configuration, and looks at what arrives. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Running, until } from "./agent_process.ts";
import type { Carbon } from "./carbon.ts";

/** Writes `diamond.conf` into the folder, for collectors in its `mine`; returns the file. */
export function configuration(base: string, port: number, sections: string, more = ""): string {
  mkdirSync(join(base, "mine"), { recursive: true });
  const conf = join(base, "diamond.conf");
  writeFileSync(
    conf,
    `[server]\nstate_path = ${base}/state\npid_file = ${base}/agent.pid\nhandlers = GraphiteHandler\ncollectors_path = ${base}/mine\n${more}[handlers]\n[[GraphiteHandler]]\nhost = 127.0.0.1\nport = ${port}\n[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n${sections}`,
  );
  return conf;
}

/** Waits until a real carbon has three points of the series. */
export async function untilStored(carbon: Carbon, running: Running, path: string): Promise<void> {
  await until("carbon stored some", () => {
    const now = Math.floor(Date.now() / 1000);
    return (carbon.stored(path, now - 60, now)?.size ?? 0) >= 3;
  }, 30).catch((error) => {
    throw new Error(`${error.message}\n${running.output()}`);
  });
}

/** The seconds in which a metric came. */
export function ticks(lines: readonly string[], name: string): number[] {
  return lines.filter((line) => line.startsWith(`servers.web1.${name} `)).map((line) =>
    Number(line.split(" ")[2])
  );
}

/** Waits for a value that comes anew. */
export async function step(
  lines: readonly string[],
  running: Running,
  name: string,
  value: number,
) {
  const from = lines.length;
  await until(
    `${name} is ${value}`,
    () => lines.slice(from).some((line) => line.startsWith(`servers.web1.${name} ${value} `)),
    5,
  ).catch((error) => {
    throw new Error(`${error.message}\n${running.output().slice(-2500)}`);
  });
}
