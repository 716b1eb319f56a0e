/** A host that runs programs, listens at ports and answers as it is told. */

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { discover } from "../../src/cli/discover/discover.ts";
import { recordedHost } from "../../src/platform/recorded_host.ts";
import type { Host } from "../../src/ports/host.ts";
import { temporary } from "./agent_process.ts";

const { path: base, remove } = temporary();
after(remove);
let folders = 0;

export interface Machine {
  /** Program → inodes of its sockets. */
  readonly programs?: Readonly<Record<string, readonly number[]>>;
  /** Address and port in hexadecimal, as in /proc/net/tcp → inode. */
  readonly tcp?: Readonly<Record<string, number>>;
  /** Path → inode. */
  readonly unix?: Readonly<Record<string, number>>;
  readonly asked?: readonly object[];
  readonly commands?: Readonly<Record<string, object>>;
  readonly files?: Readonly<Record<string, string>>;
}

export function machine(
  { programs = {}, tcp = {}, unix = {}, asked = [], commands = {}, files = {} }: Machine,
): Host {
  const root = join(base, `${++folders}`, "0s");
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const rows = Object.entries(tcp).map(([local, inode]) =>
    `   0: ${local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0\n`
  );
  put("proc/net/tcp", `  sl  local_address rem_address   st …\n${rows.join("")}`);
  const sockets = Object.entries(unix).map(([path, inode]) =>
    `0000000000000000: 00000002 00000000 00010000 0001 01 ${inode} ${path}\n`
  );
  put("proc/net/unix", `Num       RefCount Protocol Flags …\n${sockets.join("")}`);
  for (const [at, [name, inodes]] of Object.entries(programs).entries()) {
    put(`proc/${100 + at}/comm`, `${name}\n`);
    mkdirSync(join(root, `proc/${100 + at}/fd`));
    inodes.forEach((inode, fd) =>
      symlinkSync(`socket:[${inode}]`, join(root, `proc/${100 + at}/fd/${fd}`))
    );
  }
  put("asked.json", JSON.stringify(asked));
  put("commands.json", JSON.stringify(commands));
  for (const [path, text] of Object.entries(files)) put(path, text);
  return recordedHost(dirname(root));
}

export const page = (url: string, status: number, answer: string, headers = {}) => ({
  http: `GET ${url}`,
  status,
  headers,
  answer: answer.split("\n"),
});
export const talk = (where: string, send: string, receive: string) => ({
  talk: where,
  steps: [{ send: send.split("\n") }, { receive: receive.split("\n") }],
});
/** What `discover` finds on it. */
export async function found(machineOf: Machine) {
  const all = await discover(machine(machineOf));
  return all.map(({ collector, why, options, lacks }) => ({ collector, why, options, lacks }));
}
