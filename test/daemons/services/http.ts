/** Pages of nginx: how large they are, and that they took some time. */

import type { Daemon } from "../daemon.ts";
import { site } from "../site.ts";

export default {
  collector: "HttpCollector",
  packages: { nginx: "nginx-core", curl: "curl" },
  fast: true,

  async start(place) {
    const { url, version, size, stop } = await site(place, { "a.html": "x".repeat(12_345) });
    const name = `${url}/a.html`.replace(/[/.]/g, "_").replaceAll(":", "");
    return {
      version,
      options: `req_url = ${url}/a.html,\n`,
      client: () => new Map([[`${name}.size`, size("a.html")], [`${name}.time`, 1]]),
      moves: { [`${name}.time`]: 1e7 },
      stop,
    };
  },
} satisfies Daemon;
