/** HAProxy at its page of statistics, with a login. */

import type { Daemon } from "../daemon.ts";
import { HAPROXY, haproxy } from "../haproxy.ts";

export default {
  collector: "HAProxyCollector",
  packages: HAPROXY,
  fast: true,
  start: (place) => haproxy(place, "http"),
} satisfies Daemon;
