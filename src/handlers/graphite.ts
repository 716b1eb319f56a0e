/**
 * Graphite's plaintext protocol over TCP or UDP.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-plaintext-protocol
 */

import { defineHandler } from "../core/handler.ts";
import type { Connection, Datagrams, Family, Target } from "../core/host.ts";
import { bool, choice, integer, number, text } from "../core/option.ts";
import { graphiteLines } from "../formats/graphite_line.ts";
import { packLines } from "../formats/datagrams.ts";

/** Fits an Ethernet frame with all headers, also through tunnels. */
const DATAGRAM_BYTES = 1400;
/** A name may move: datagrams never tell. */
const RESOLVE_AGAIN_SECONDS = 300;

export default defineHandler({
  name: "GraphiteHandler",
  doc: "Sends metrics to Graphite's carbon, one line each",
  receipt: "transport",
  options: {
    host: text("localhost", "Name or address of carbon"),
    port: integer(2003, "Port of carbon's line receiver", { min: 1, max: 65_535 }),
    proto: choice(
      "tcp",
      ["tcp", "tcp4", "tcp6", "udp", "udp4", "udp6"],
      "Transport, with 4 or 6 for one family of addresses",
    ),
    keepalive: bool(false, "Let the kernel probe a silent connection"),
    keepaliveinterval: number(10, "Seconds of silence before a probe", { min: 1 }),
    reconnect_interval: number(
      0,
      "Connect anew after this many seconds, to spread over a balancer; 0: never",
      { min: 0 },
    ),
    flow_info: integer(0, "Without effect: runtimes set no flow label"),
    scope_id: text("", "Zone of a link-local IPv6 address, such as eth0"),
  },

  open({ host, options }) {
    const family = (Number(options.proto.slice(3)) || 0) as Family;
    const target: Target = {
      host: options.host,
      port: options.port,
      family,
      keepalive: options.keepalive ? options.keepaliveinterval : 0,
      scope: options.scope_id === "0" ? "" : options.scope_id,
    };
    const encoder = new TextEncoder();
    return options.proto.startsWith("udp") ? datagramSink() : streamSink();

    function streamSink() {
      let connection: Connection | undefined;
      let since = 0;
      return {
        async write(batch: Parameters<typeof graphiteLines>[0], signal: AbortSignal) {
          // A peer that went away has said so by its FIN: what is written now would be lost.
          if (
            connection !== undefined &&
            (!connection.open || isOld(since, options.reconnect_interval))
          ) {
            const old = connection;
            connection = undefined;
            void old.close();
          }
          if (connection === undefined) {
            connection = await host.net.connect(target, signal);
            since = host.clock.monotonic();
          }
          try {
            await connection.write(encoder.encode(graphiteLines(batch)), signal);
          } catch (error) {
            connection.destroy();
            connection = undefined;
            throw error;
          }
        },
        async [Symbol.asyncDispose]() {
          await connection?.close();
          connection = undefined;
        },
      };
    }

    function datagramSink() {
      let socket: Datagrams | undefined;
      let since = 0;
      const drop = () => {
        socket?.close();
        socket = undefined;
      };
      return {
        async write(batch: Parameters<typeof graphiteLines>[0], signal: AbortSignal) {
          if (
            socket !== undefined &&
            isOld(since, options.reconnect_interval || RESOLVE_AGAIN_SECONDS)
          ) drop();
          if (socket === undefined) {
            socket = await host.net.datagram(target, signal);
            since = host.clock.monotonic();
          }
          try {
            for (
              const datagram of packLines(encoder.encode(graphiteLines(batch)), DATAGRAM_BYTES)
            ) await socket.send(datagram, signal);
          } catch (error) {
            drop();
            throw error;
          }
        },
        [Symbol.asyncDispose]() {
          drop();
          return Promise.resolve();
        },
      };
    }

    function isOld(since: number, seconds: number): boolean {
      return seconds > 0 && host.clock.monotonic() - since >= seconds * 1000;
    }
  },
});
