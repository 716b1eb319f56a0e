/** Handlers that write lines or pickles into a TCP connection. */

import graphite from "../../src/handlers/graphite.ts";
import graphiteCluster from "../../src/handlers/graphite_cluster.ts";
import graphitePickle from "../../src/handlers/graphite_pickle.ts";
import hostedGraphite from "../../src/handlers/hosted_graphite.ts";
import multiGraphite from "../../src/handlers/multi_graphite.ts";
import statsite from "../../src/handlers/statsite.ts";
import tsdb from "../../src/handlers/tsdb.ts";
import type { Case } from "./delivering.ts";

export const graphiteCase: Case = {
  name: "Graphite",
  handler: graphite,
  options: (host, port) => ({ host, port }),
};
export const telnetCase: Case = {
  name: "TSDB by telnet",
  handler: tsdb,
  options: (host, port) => ({ host, port, protocol: "telnet" }),
};
/** Those of Diamond's own protocols. */
export const streamCases: readonly Case[] = [
  graphiteCase,
  { ...graphiteCase, name: "GraphitePickle", handler: graphitePickle },
  {
    name: "MultiGraphite",
    handler: multiGraphite,
    options: (host, port) => ({ host: [`${host}:${port}`] }),
  },
  {
    name: "HostedGraphite",
    handler: hostedGraphite,
    options: (host, port) => ({ host, port, apikey: "k" }),
  },
  {
    name: "Statsite",
    handler: statsite,
    options: (host, tcpport) => ({ host, tcpport, udpport: 0 }),
  },
  {
    name: "GraphiteCluster any_of",
    handler: graphiteCluster,
    options: (host, port) => ({ host: [`${host}:${port}`], hash: "any_of" }),
  },
];
