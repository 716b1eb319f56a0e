/** A page that nginx does not have: its status is a part of the name. */

import type { Daemon } from "../daemon.ts";
import { site } from "../site.ts";

export default {
  collector: "WebsiteMonitorCollector",
  packages: { nginx: "nginx-core", curl: "curl" },
  fast: true,

  async start(place) {
    const { url, version, stop } = await site(place, {});
    return {
      version,
      options: `URL = ${url}/nothing\n`,
      client: () => new Map([["response_time.404", 1]]),
      moves: { "response_time.404": 1e4 },
      stop,
    };
  },
} satisfies Daemon;
