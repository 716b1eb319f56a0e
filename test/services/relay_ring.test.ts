/** A cluster's carbons are chosen as carbon-c-relay chooses them, for ten thousand paths. */

import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import {
  createRing,
  type RingKind,
  ringKinds,
  type RingNode,
} from "../../src/formats/hash_ring.ts";
import { temporary } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const RELAY = "/usr/bin/carbon-c-relay";
const noRelay = existsSync(RELAY) ? false : "carbon-c-relay is not installed";
const { path: directory, remove } = temporary();
after(remove);

const md5 = (text: string) => createHash("md5").update(text).digest();

/** What the relay's own test mode says of paths. */
function byRelay(kind: RingKind, nodes: readonly RingNode[], copies: number, paths: string[]) {
  const conf = join(directory, "relay.conf");
  const shown = ({ host, port, instance }: RingNode) =>
    `${host}:${port}${instance === "" ? "" : `=${instance}`}`;
  writeFileSync(
    conf,
    `cluster c ${kind} replication ${copies} ${nodes.map(shown).join(" ")};\nmatch * send to c;\n`,
  );
  const { stdout } = spawnSync(RELAY, ["-t", "-f", conf], {
    input: paths.join("\n") + "\n",
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const known = new Map(nodes.map((node, number) => [`${node.host}:${node.port}`, number]));
  const found = new Map<string, number[]>();
  for (const [, path, places] of stdout.matchAll(/ -> (\S+)\n +\w+\(c\)\n((?: +\S+\n)+)/g)) {
    const names = places.trim().split(/\s+/).map((name) => name.replace(/=.*$/, ""));
    found.set(path, names.map((name) => known.get(name)!));
  }
  return found;
}

const at = (host: string, port: number, instance = ""): RingNode => ({ host, port, instance });
const clusters: Readonly<Record<string, readonly RingNode[]>> = {
  "three hosts": [at("10.0.0.1", 2003), at("10.0.0.2", 2003), at("10.0.0.3", 2003)],
  "one host, three ports": [
    at("127.0.0.1", 2003, "a"),
    at("127.0.0.1", 2013, "b"),
    at("127.0.0.1", 2023, "c"),
  ],
  "instances against the order": [
    at("10.0.0.1", 2003, "zeta-4d79d13554fa1301476c"),
    at("10.0.0.2", 2003, "alpha-9fe968b0ac1f"),
    at("10.0.0.3", 2003, "mu-1301476c1f9fe9"),
    at("10.0.0.4", 2003, "beta-54fa13"),
    at("10.0.0.5", 2013, "nu-b0ac"),
  ],
};
const paths = Array.from(
  { length: 10_000 },
  (_, index) => `servers.web${index % 97}.cpu.cpu${index % 13}.metric_${index}`,
);

describeWith("carbon-c-relay", noRelay, () => {
  for (const kind of ringKinds) {
    for (const [name, nodes] of Object.entries(clusters)) {
      for (const copies of [1, 2, 3]) {
        it(`${kind}, ${name}, ${copies} of each: the same places`, () => {
          const ring = createRing(kind, nodes, md5);
          const theirs = byRelay(kind, nodes, copies, paths);
          equal(theirs.size, paths.length);
          const other = paths.filter((path) => {
            const ours = ring(path).slice(0, copies);
            return `${ours}` !== `${theirs.get(path)}`;
          });
          deepEqual([other.length, other.slice(0, 2)], [0, []]);
        });
      }
    }
  }
});
