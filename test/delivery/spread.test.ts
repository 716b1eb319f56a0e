/** Points of a cluster: which worker gets them, while one of them is away and after it. */

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { Metric } from "../../src/core/metric.ts";
import type { Worker } from "../../src/delivery/worker.ts";
import { spreadOver } from "../../src/delivery/spread.ts";
import { createRing } from "../../src/formats/hash_ring.ts";
import cluster from "../../src/handlers/graphite_cluster.ts";
import { handlerDefaults } from "../harness/defaults.ts";
import { metric } from "../harness/metrics.ts";

const nodes = [1, 2, 3].map((last) => ({ host: `10.0.0.${last}`, port: 2003, instance: "" }));
const choices = createRing("fnv1a_ch", nodes, (text) => createHash("md5").update(text).digest());
const all = Array.from({ length: 3000 }, (_, index) => metric(`servers.h.m${index}`, index));

function fakes(count: number) {
  const got = Array.from({ length: count }, () => [] as Metric[]);
  const states = Array.from({ length: count }, () => ({ away: false }));
  const workers = got.map((mine, number) =>
    ({
      offer: (metrics: readonly Metric[]) => void mine.push(...metrics),
      get trouble() {
        return states[number].away ? {} : undefined;
      },
    }) as unknown as Worker
  );
  return { got, states, workers };
}

const pathsOf = (metrics: readonly Metric[]) => metrics.map(({ series }) => series.path);

describe("a spread", () => {
  it("gives each point to as many workers as there are copies, about the same to each", () => {
    for (const copies of [1, 2, 3]) {
      const { got, workers } = fakes(3);
      spreadOver(workers, { choices, copies, failover: false }).offer(all);
      equal(got.flat().length, copies * all.length);
      for (const { length } of got) ok(Math.abs(length / (copies * all.length) - 1 / 3) < 0.1);
      const places = Map.groupBy(got.flatMap(pathsOf), (path) => path);
      for (const [, times] of places) equal(times.length, copies);
    }
  });

  it("keeps a share for the one that is away; with failover only that share moves, and comes back", () => {
    for (const failover of [false, true]) {
      const { got, states, workers } = fakes(3);
      const outlet = spreadOver(workers, { choices, copies: 1, failover });
      outlet.offer(all);
      const before = got.map((metrics) => new Set(pathsOf(metrics)));
      got.forEach((metrics) => metrics.splice(0));
      states[1].away = true;
      outlet.offer(all);
      const during = got.map((metrics) => new Set(pathsOf(metrics)));
      for (const other of [0, 2]) ok(before[other].isSubsetOf(during[other]), "nothing else moves");
      equal(during[1].size, failover ? 0 : before[1].size);
      equal(during.reduce((sum, { size }) => sum + size, 0), all.length);
      got.forEach((metrics) => metrics.splice(0));
      states[1].away = false;
      outlet.offer(all);
      deepEqual(got.map((metrics) => new Set(pathsOf(metrics))), before);
    }
  });

  it("leaves points with those that are away where all are, and skips what could not be opened", () => {
    const { got, states, workers } = fakes(3);
    states.forEach((state) => (state.away = true));
    spreadOver(workers, { choices, copies: 2, failover: true }).offer(all);
    equal(got.flat().length, 2 * all.length);
    const some = fakes(3);
    spreadOver([undefined, ...some.workers.slice(1)], { choices, copies: 1, failover: false })
      .offer(all);
    equal(some.got.flat().length, all.length);
  });
});

describe("a cluster's options", () => {
  const expand = (options: object) =>
    cluster.expand!({ ...handlerDefaults(cluster), ...options } as never);

  it("name carbons as carbon-c-relay does", () => {
    deepEqual(
      expand({ host: ["a", "b:2013=one", "[::1]:7"] })!.map(({ backend }) => backend),
      ["a:2003", "b:2013", "::1:7"],
    );
  });

  it("say what cannot be", () => {
    throws(() => expand({ host: [] }), /at least one carbon/);
    throws(() => expand({ host: ["a", "a:2003"] }), /names a carbon twice/);
    throws(() => expand({ host: ["a"], replication: 2 }), /replication = 2 needs as many/);
    const twice = { host: ["a", "b"], hash: "any_of", replication: 2 };
    throws(() => expand(twice), /any_of sends each metric once/);
  });

  it("make one backend of relays of which any will do", () => {
    equal(expand({ host: ["a", "b"], hash: "any_of" }), undefined);
  });
});
