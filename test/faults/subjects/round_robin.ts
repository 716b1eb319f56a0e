/** Round-robin databases, by an rrdtool of the agent's own and by rrdcached. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { databases, fetched, rrdcached } from "../../harness/rrd.ts";
import { sleep } from "../fault.ts";
import { linesIn, spanOf, type Subject } from "./subject.ts";

export async function rrdSubject(directory: string): Promise<Subject> {
  let server = await rrdcached(directory);
  const own = join(directory, "own");
  const folders = { "RRDHandler tool": own, "RRDHandler daemon": server.data };
  return {
    server: "rrdtool, rrdcached",
    overwrites: true,
    sections: {
      "RRDHandler tool": `basedir = ${own}\nstep = 1`,
      "RRDHandler daemon":
        `basedir = ${server.data}\nstep = 1\nrrdcached = unix:${server.socket}\nresend_seconds = 3`,
    },
    async stop(signal, agentPid) {
      // The agent's own rrdtool dies with it.
      for (const pid of childrenOf(agentPid)) process.kill(pid, "SIGKILL");
      await server.stop(signal);
    },
    async start() {
      server = await rrdcached(directory);
    },
    async taken(archive) {
      server.flush();
      await sleep(3000);
      const [first, last] = spanOf(archive);
      return Object.fromEntries(
        Object.entries(folders).map(([name, folder]) => {
          const found = new Map<string, Map<number, number>>();
          for (const file of databases(folder)) {
            found.set(file, fetched(join(folder, file), first, last));
          }
          return [name, linesIn(found, archive, fileOf)];
        }),
      );
    },
    close: () => server.stop("SIGTERM"),
  };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter((part) => part !== "").map(Number);
}

function fileOf(path: string): string {
  const [, , collector, ...name] = path.split(".");
  return `web1/${collector}/${name.join("_")}.rrd`;
}
