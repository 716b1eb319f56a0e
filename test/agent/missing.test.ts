import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { createAgent } from "../../src/agent/agent.ts";
import type { CollectorConfig } from "../../src/agent/agent_contract.ts";
import { type CommonValues, defineCollector, gauge } from "../../src/core/collector.ts";
import { configError } from "../../src/core/errors.ts";
import { defineHandler } from "../../src/core/handler.ts";
import type { Host } from "../../src/ports/host.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { recordedLog } from "../harness/recorded_log.ts";
import { commonDefaults, deliveryDefaults } from "../harness/defaults.ts";

/** A host whose command for its name fails until it is told one. */
function hostWithout(name: { is: string; asked: number }) {
  const clock = createFakeClock();
  const host = {
    clock,
    system: "linux",
    cpus: 1,
    names: { hostname: () => "wrong", fqdn: () => Promise.resolve("wrong.example.org") },
    exec: {
      run: () => {
        name.asked++;
        const code = name.is === "" ? 1 : 0;
        return Promise.resolve({ stdout: name.is, stderr: "no metadata yet", code });
      },
    },
    self: { pid: 1, rss: () => 1, cpu: () => 1, dropCompiledCode() {}, reclaim() {}, trim() {} },
  } as unknown as Host;
  return { host, clock };
}

function part(name: string, options: Partial<CommonValues> = {}): CollectorConfig {
  const collector = defineCollector({
    name,
    doc: "",
    path: name.toLowerCase(),
    options: {},
    metrics: { n: gauge("") },
    collect: ({ emit }) => void emit("n", 1),
  });
  return {
    section: name,
    collector,
    options: { ...commonDefaults, path: collector.path, interval: 10, ...options },
    origins: new Map(),
  };
}

const SHELL = { hostname_method: "shell", hostname: "metadata" } as const;
const SERVER = { self_metrics: "off", stop_timeout: 1, max_memory: 1e9 } as const;

function taking(paths: string[], open: () => void = () => {}) {
  const handler = defineHandler({
    name: "H",
    doc: "",
    receipt: "application",
    options: {},
    open() {
      open();
      return {
        write: (batch) => void paths.push(...batch.map(({ series }) => series.path)),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  });
  return [{ section: "H", handler, options: deliveryDefaults }];
}

describe("what is missing at the start", () => {
  it("a name that cannot be found is tried again, and nothing goes under another one", async () => {
    const name = { is: "", asked: 0 };
    const { host, clock } = hostWithout(name);
    const log = recordedLog();
    const paths: string[] = [];
    const agent = createAgent({ host, log, random: () => 1 });
    const collectors = [part("A", SHELL), part("B", SHELL), part("Own")];
    await agent.start({ server: SERVER, collectors, handlers: taking(paths) });
    await clock.advance(60_000);
    deepEqual([...new Set(paths)], ["servers.wrong.own.n"], "the one that needs no command");
    ok(name.asked >= 6 && name.asked <= 12, `${name.asked} tries in a minute`);
    const { collectors: [, a], degraded } = agent.status();
    deepEqual([a.name, a.state, degraded], ["A", "no data", ["A has no data", "B has no data"]]);
    match(a.error!.message, /name cannot be found: .*no metadata yet/);
    equal(log.lines.filter((line) => line.startsWith("error")).length, 1, "one line for both");
    name.is = "web7";
    await clock.advance(21_000);
    ok(paths.includes("servers.web7.a.n") && paths.includes("servers.web7.b.n"));
    deepEqual(agent.status().degraded, []);
    const { asked } = name;
    await clock.advance(60_000);
    equal(name.asked, asked, "a name that is found stays");
    await agent.stop();
  });

  it("at a reload a name that cannot be found keeps the old configuration", async () => {
    const name = { is: "web7", asked: 0 };
    const { host, clock } = hostWithout(name);
    const paths: string[] = [];
    const agent = createAgent({ host, log: recordedLog(), random: () => 1 });
    const settings = { server: SERVER, collectors: [part("A", SHELL)], handlers: taking(paths) };
    await agent.start(settings);
    name.is = "";
    await rejects(agent.reload(settings), /name cannot be found/);
    await clock.advance(30_000);
    deepEqual([agent.status().degraded, new Set(paths).size], [[], 1]);
    await agent.stop();
  });

  it("a handler that cannot be opened costs itself, and is tried again", async () => {
    const { host, clock } = hostWithout({ is: "", asked: 0 });
    const paths: string[] = [];
    let broken = true;
    const [late] = taking(paths, () => {
      if (broken) throw configError('cannot read the certificate "/mnt/ca.pem"');
    });
    const agent = createAgent({ host, log: recordedLog(), random: () => 1 });
    const handlers = [...taking([]), { ...late, section: "Late" }];
    await agent.start({ server: SERVER, collectors: [part("A")], handlers });
    await clock.advance(30_000);
    deepEqual(agent.status().degraded, ["Late cannot deliver"]);
    broken = false;
    await clock.advance(30_000);
    deepEqual(agent.status().degraded, []);
    ok(paths.length > 0);
    await agent.stop();
  });

  it("nothing that can work is no start", async () => {
    const { host } = hostWithout({ is: "", asked: 0 });
    const log = recordedLog();
    const elsewhere = part("A");
    const collector = { ...elsewhere.collector, systems: ["windows"] as const };
    await rejects(
      createAgent({ host, log, random: () => 1 }).start({
        server: SERVER,
        collectors: [{ ...elsewhere, collector }],
        handlers: taking([]),
      }),
      /No collector can work here\nA: A is not on this system \(linux\)/,
    );
    const never = taking([], () => {
      throw configError("no such plugin");
    });
    await rejects(
      createAgent({ host, log, random: () => 1 }).start({
        server: SERVER,
        collectors: [part("A")],
        handlers: never,
      }),
      /No handler can work here\nH: cannot open H: no such plugin/,
    );
  });

  it("what is left out is missing, what is not enabled is off", async () => {
    const { host } = hostWithout({ is: "", asked: 0 });
    const agent = createAgent({ host, log: recordedLog(), random: () => 1 });
    await agent.start({
      server: SERVER,
      collectors: [part("A")],
      handlers: taking([]),
      leftOut: [{ kind: "collector", section: "B", reason: 'there is no collector "B"' }],
      off: { collectors: ["C"], handlers: ["G"] },
    });
    const { collectors, handlers, degraded } = agent.status();
    deepEqual(collectors.map(({ name, state }) => `${name} ${state}`), [
      "A ok",
      "B missing",
      "C off",
    ]);
    deepEqual(handlers.map(({ name, state }) => `${name} ${state}`), ["H ok", "G off"]);
    deepEqual(degraded, ["B is missing"]);
    await agent.stop();
  });
});
