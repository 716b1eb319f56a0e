/** A web site of a few files, by nginx. */

import { mkdirSync, writeFileSync } from "node:fs";
import { answers, type Place, run, say } from "./daemon.ts";

export interface Site {
  readonly url: string;
  readonly version: string;
  /** Bytes of a file, as curl counts them. */
  size(file: string): number;
  stop(): Promise<void>;
}

export async function site(
  { folder, port }: Place,
  files: Readonly<Record<string, string>>,
): Promise<Site> {
  mkdirSync(`${folder}/www`);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/www/${name}`, text);
  writeFileSync(
    `${folder}/nginx.conf`,
    `daemon off; pid ${folder}/pid; error_log ${folder}/errors;
events {}
http { access_log off; server { listen 127.0.0.1:${port}; root ${folder}/www; } }
`,
  );
  const server = run("nginx", ["-c", `${folder}/nginx.conf`, "-e", `${folder}/errors`]);
  const url = `http://127.0.0.1:${port}`;
  await answers("curl", ["-s", url]);
  return {
    url,
    version: say("sh", ["-c", "nginx -v 2>&1"]).match(/\/(\S+)/)![1],
    size: (file) =>
      Number(say("curl", ["-sfo", "/dev/null", "-w", "%{size_download}", `${url}/${file}`])),
    stop: server.stop,
  };
}
