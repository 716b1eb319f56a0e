/** Ganglia's gmond, on free ports, and the metrics that it knows. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { endWithTests, freePort, until } from "./agent_process.ts";

const GMOND = "/usr/sbin/gmond";
export const noGmond = existsSync(GMOND) ? false : "ganglia-monitor is not installed";

export interface GmondMetric {
  readonly host: string;
  readonly name: string;
  readonly value: string;
  readonly type: string;
  readonly group: string;
}

/** UDP and TCP at the same port. */
export async function gmond(base: string, port?: number) {
  mkdirSync(base, { recursive: true });
  const at = port ?? await freePort();
  const conf = join(base, "gmond.conf");
  writeFileSync(
    conf,
    `globals { daemonize = no  setuid = no  mute = yes  deaf = no  host_dmax = 0  cleanup_threshold = 300 }
cluster { name = "test" }
udp_recv_channel { port = ${at}  bind = 127.0.0.1 }
tcp_accept_channel { port = ${at}  bind = 127.0.0.1 }
`,
  );
  const child = spawn(GMOND, ["-f", "-c", conf], { stdio: "ignore" });
  endWithTests(child);
  const ended = new Promise((resolve) => child.on("close", resolve));
  const metrics = async (): Promise<GmondMetric[]> => {
    const xml = await answer(at);
    return [...xml.matchAll(/<HOST NAME="([^"]*)"[^]*?<\/HOST>/g)].flatMap(([text, host]) =>
      [...text.matchAll(/<METRIC NAME="([^"]*)" VAL="([^"]*)" TYPE="([^"]*)"[^]*?<\/METRIC>/g)].map(
        (
          [whole, name, value, type],
        ) => ({
          host,
          name,
          value,
          type,
          group: /NAME="GROUP" VAL="([^"]*)"/.exec(whole)?.[1] ?? "",
        }),
      )
    );
  };
  await until("gmond answers", () => answer(at).then((text) => text !== "", () => false));
  return {
    port: at,
    metrics,
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      await ended;
    },
  };
}

function answer(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    connect(port, "127.0.0.1").on("data", (chunk) => (text += chunk)).on("end", () => resolve(text))
      .on("error", reject);
  });
}
