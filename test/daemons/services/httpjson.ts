/** A JSON document at nginx; what it holds is known. */

import type { Daemon } from "../daemon.ts";
import { site } from "../site.ts";

const DOCUMENT = { a: 1, b: { c: 25, text: "x", none: null, list: [1, 2] }, "d-e": 3 };

export default {
  collector: "HTTPJSONCollector",
  packages: { nginx: "nginx-core", curl: "curl" },
  fast: true,

  async start(place) {
    const { url, version, stop } = await site(place, { "stat.json": JSON.stringify(DOCUMENT) });
    return {
      version,
      options: `url = ${url}/stat.json\n`,
      client: () => new Map([[".a", 1], [".b.c", 25], [".d-e", 3]]),
      stop,
    };
  },
} satisfies Daemon;
