/** gmond, rrdtool, rrdcached and subscribers of ZeroMQ have what handlers send. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import type { Metric } from "../../src/core/metric.ts";
import type { Host } from "../../src/ports/host.ts";
import gmetric from "../../src/handlers/gmetric.ts";
import rrd from "../../src/handlers/rrdtool.ts";
import zmq from "../../src/handlers/zmq.ts";
import { realExec } from "../../src/platform/exec/exec.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { realClock } from "../../src/platform/clock.ts";
import { freePort, temporary, until } from "../harness/agent_process.ts";
import { handlerDefaults } from "../harness/defaults.ts";
import { type Case, POINTS, run } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { gmond, noGmond } from "../harness/gmond.ts";
import { metric } from "../harness/metrics.ts";
import { silentLog } from "../harness/recorded_log.ts";
import { databases, fetched, noRrd, rrdcached } from "../harness/rrd.ts";
import { noZmq, zmqSubscriber } from "../harness/zmq_subscriber.ts";

const { path: directory, remove } = temporary();
after(remove);

describeWith("Ganglia", noGmond, () => {
  const gmetricCase: Case = {
    name: "Gmetric",
    handler: gmetric,
    options: (host, port) => ({ host, port, group: "diamond" }),
  };

  it("knows each metric by its name, also after a restart", async () => {
    const base = join(directory, "gmond");
    let server = await gmond(base);
    const { port } = server;
    const running = run(gmetricCase, "127.0.0.1", port);
    const all = Array.from({ length: POINTS }, (_, index) => `c.p${`${index}`.padStart(5, "0")}x`);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      await until("all are known", async () => {
        running.tick(1);
        return (await server.metrics()).length >= 1;
      });
      await server.stop(signal);
      server = await gmond(base, port);
    }
    const last = run(gmetricCase, "127.0.0.1", port);
    last.tick(POINTS);
    await until("all are known", async () => {
      const names = new Set((await server.metrics()).map(({ name }) => name));
      return all.every((name) => names.has(name));
    });
    const [{ value, type, group, host }] = (await server.metrics()).filter(({ name }) =>
      name === all[7]
    );
    deepEqual([value, type, group], ["1", "double", "diamond"]);
    ok(/^(localhost|127\.0\.0\.1)/.test(host), `the host is the sender: ${host}`);
    await Promise.all([running.worker.stop(1), last.end()]);
    await server.stop("SIGTERM");
  });
});

describeWith("ZeroMQ", noZmq, () => {
  const zmqCase: Case = {
    name: "zmq",
    handler: zmq,
    options: (host, port) => ({ host, port }),
  };

  it("subscribers get what they ask for, once, for as long as they are there", async () => {
    const port = await freePort();
    const running = run(zmqCase, "127.0.0.1", port);
    running.tick(1);
    const everything = await zmqSubscriber(port);
    const some = await zmqSubscriber(port, "p0000", "p00011x");
    await until("both are there", () => {
      running.tick(1);
      return everything.lines().length > 0;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = everything.lines().length;
    running.tick(POINTS);
    await until("all are there", () => everything.lines().length === before + POINTS);
    match(everything.lines().at(-1)!, /^p\d{5}x 1 \d{10}$/);
    equal(new Set(everything.lines()).size, everything.lines().length);
    ok(some.lines().every((line) => /^p(0000.|00011)x /.test(line)), some.lines().join("\n"));
    some.stop();
    const later = await zmqSubscriber(port);
    await until("it is there", () => {
      running.tick(1);
      return later.lines().length > 0;
    });
    everything.stop();
    later.stop();
    await running.end();
  });

  it("what is not a subscriber is let go; a port that is taken is named", async () => {
    const port = await freePort();
    const running = run(zmqCase, "127.0.0.1", port);
    running.tick(1);
    await until("it listens", () => running.worker.ledger.delivered === 1);
    const controller = new AbortController();
    using stranger = await realNet.dial({ host: "127.0.0.1", port }, controller.signal);
    await stranger.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    while (await stranger.read() !== undefined);
    const second = run(zmqCase, "127.0.0.1", port);
    second.tick(1);
    await until("it says so", () => second.said().includes(`cannot listen at 127.0.0.1:${port}`));
    await Promise.all([second.worker.stop(0.1), running.end()]);
  });
});

describeWith("round-robin databases", noRrd, () => {
  const start = 1_700_000_000;

  async function write(options: object, batches: readonly (readonly Metric[])[]) {
    const host = { exec: realExec, net: realNet, clock: realClock } as unknown as Host;
    const values = { ...handlerDefaults(rrd), step: 1, ...options } as never;
    const sink = rrd.open({ host, options: values, log: silentLog });
    for (const batch of batches) await sink.write(batch, new AbortController().signal);
    await sink[Symbol.asyncDispose]();
  }

  const at = (second: number, value: number, name = "eth0.rx_bit") =>
    metric(`servers.web1.network.${name}`, value, start + second, {
      host: "web1",
      collector: "network",
      name,
    });
  const values = (file: string) => [...fetched(file, start, start + 10).values()];

  it("rrdtool makes them, and writes each value once, whatever comes again", async () => {
    const basedir = join(directory, "a base", "rrd");
    await write({ basedir }, [[at(0, 1), at(1, 2.5), at(0, 3, "load")], [at(2, 7), at(1, 99)]]);
    await write({ basedir }, [[at(2, 7), at(3, 8), at(3, 9)]]);
    deepEqual(databases(basedir).toSorted(), [
      "web1/network/eth0_rx_bit.rrd",
      "web1/network/load.rrd",
    ]);
    deepEqual(values(join(basedir, "web1/network/eth0_rx_bit.rrd")), [2.5, 7, 9]);
  });

  it("names are cut; who comes second to one is refused, and so is a file of another kind", async () => {
    const basedir = join(directory, "names");
    const [one, two] = ["a.very.long.name.of.one", "a.very.long.name.of.two"];
    const batch = [at(0, 1, one), at(0, 2, two), at(0, 3, "b")];
    await write({ basedir }, [batch]).then(
      () => ok(false),
      (error) => {
        equal(error.code, "refused");
        deepEqual(error.points, [batch[1]]);
      },
    );
    deepEqual(databases(basedir).toSorted(), [
      "web1/network/a_very_long_name_of.rrd",
      "web1/network/b.rrd",
    ]);
    mkdirSync(join(basedir, "web1/network"), { recursive: true });
    writeFileSync(join(basedir, "web1/network/broken.rrd"), "no database at all".repeat(99));
    const broken = at(1, 1, "broken");
    await write({ basedir }, [[broken, at(1, 4, "b")]]).then(
      () => ok(false),
      (error) => {
        match(error.message, /broken\.rrd.*not an RRD/);
        deepEqual(error.points, [broken]);
      },
    );
    deepEqual(values(join(basedir, "web1/network/b.rrd")), [4]);
  });

  it("rrdcached writes the same", async () => {
    const server = await rrdcached(join(directory, "cached"));
    const options = { basedir: server.data, rrdcached: `unix:${server.socket}` };
    await write(options, [[at(0, 1), at(1, 2.5), at(0, 3, "load")], [at(2, 7), at(1, 99)]]);
    // Some of it again, as after a restart.
    await write(options, [[at(1, 2.5), at(2, 7), at(3, 8)], [at(4, 9)]]);
    server.flush();
    const file = join(server.data, "web1/network/eth0_rx_bit.rrd");
    await until("it is written", () => values(file).length === 4);
    deepEqual(values(file), [2.5, 7, 8, 9]);
    await server.stop("SIGTERM");
  });

  it("what cannot be written is waited for", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    for (
      const [options, says] of [
        [{ basedir: `${file}/below` }, /cannot (create|update).*Not a directory/],
        [{ basedir: "/nowhere", rrdcached: `unix:${file}.sock` }, /cannot connect|no such/i],
      ] as const
    ) {
      await write(options, [[at(0, 1)]]).then(() => ok(false), (error) => {
        equal(error.code, "undelivered");
        match(error.message, says);
      });
    }
  });
});
