/** Several carbons that share the metrics, by the hash rings of carbon-c-relay; or several relays, any of which will do. */

import { configError } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import { bool, choice, integer, list } from "../core/option.ts";
import { lineEncoder } from "../formats/graphite_line.ts";
import { createRing, ringKinds, type RingNode } from "../formats/hash_ring.ts";
import { pickleFrames } from "../formats/pickle.ts";
import { BalancedSink } from "../protocols/balanced_sink.ts";
import {
  connectionOptions,
  openGraphite,
  splitAddress,
  STREAMS,
  targetOf,
} from "../protocols/graphite.ts";

const ANY = "any_of";

export default defineHandler({
  name: "GraphiteClusterHandler",
  doc: "Sends each metric to some of several carbons, as carbon-c-relay would",
  receipt: "transport",
  options: {
    host: list([], "Carbons, name:port or name:port=instance, as in carbon-c-relay's file"),
    hash: choice(
      "fnv1a_ch",
      [...ringKinds, "any_of"],
      "How a path's carbons are chosen: carbon_ch knows hosts, fnv1a_ch ports too, jump_fnv1a_ch the order only; any_of: relays that take turns, so that those which are there share what there is",
    ),
    replication: integer(1, "Carbons that each metric goes to", { min: 1 }),
    failover: bool(
      false,
      "What a carbon that is away would get goes to the next one; off: it waits in the spool",
    ),
    format: choice("lines", ["lines", "pickle"], "Lines, or pickles over TCP"),
    ...connectionOptions(2003, STREAMS),
  },

  expand(options) {
    const nodes = nodesOf(options);
    const names = new Set(nodes.map(({ host, port }) => `${host}:${port}`));
    if (nodes.length === 0) throw configError("host needs at least one carbon");
    if (names.size < nodes.length) throw configError("host names a carbon twice");
    if (options.replication > nodes.length) {
      throw configError(`replication = ${options.replication} needs as many carbons in host`);
    }
    if (options.hash === ANY) {
      if (options.replication > 1) throw configError("hash = any_of sends each metric once");
      return undefined;
    }
    return nodes.map(({ host, port }) => ({
      backend: `${host}:${port}`,
      options: { ...options, host: [host], port },
    }));
  },

  spread(options, { codecs }) {
    const { hash, replication: copies, failover } = options;
    if (hash === ANY) return undefined;
    return { choices: createRing(hash, nodesOf(options), codecs.md5), copies, failover };
  },

  open(context) {
    const { options } = context;
    const encode = options.format === "pickle" ? pickleFrames : lineEncoder();
    if (options.hash !== ANY) return openGraphite(context, options.host[0], options, encode);
    const relays = nodesOf(options).map(({ host, port }) => ({
      target: targetOf(host, port, options),
      options,
      encode,
    }));
    return new BalancedSink(context.host, context.log, relays);
  },
});

function nodesOf({ host, port: usual }: { host: readonly string[]; port: number }): RingNode[] {
  return host.map((entry) => {
    const [address, instance = ""] = entry.trim().split("=");
    const { name, port } = splitAddress(address, usual);
    return { host: name, port, instance };
  });
}
