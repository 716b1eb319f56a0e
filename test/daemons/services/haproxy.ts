/** HAProxy at its stats socket. */

import type { Daemon } from "../daemon.ts";
import { HAPROXY, haproxy } from "../haproxy.ts";

export default {
  collector: "HAProxyCollector",
  packages: HAPROXY,
  fast: true,
  start: (place) => haproxy(place, "unix"),
} satisfies Daemon;
