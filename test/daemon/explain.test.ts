import { equal, match } from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agent } from "../../src/agent/agent_contract.ts";
import { singleCollector } from "../../src/agent/parts.ts";
import { type AnyCollector, defineCollector, gauge } from "../../src/core/collector.ts";
import type { Configuration } from "../../src/daemon/configuration.ts";
import type { DaemonPorts } from "../../src/daemon/contract.ts";
import { createExplain } from "../../src/daemon/explain.ts";
import type { Host } from "../../src/ports/host.ts";
import { silentLog } from "../../src/ports/log.ts";
import { createFakeClock } from "../harness/fake_clock.ts";
import { commonDefaults } from "../harness/defaults.ts";

async function explaining(collect: (run: number) => void | Promise<void>) {
  const clock = createFakeClock();
  const host = {
    clock,
    system: "linux",
    cpus: 1,
    names: { hostname: () => "h" },
  } as unknown as Host;
  const counted = { runs: 0 };
  const collector: AnyCollector = defineCollector({
    ...{ name: "A", doc: "", path: "a", options: {}, metrics: { n: gauge("") } },
    collect({ emit }) {
      emit("n", 7);
      return collect(++counted.runs);
    },
  });
  const options = { ...commonDefaults, path: "a", interval: 10, hostname: "h" };
  const part = { section: "A", collector, options, origins: new Map() };
  const one = await singleCollector(part, host, silentLog);
  await one.runner.run(1);
  const ask = createExplain({
    ports: {
      catalogue: { collectors: {}, handlers: {}, paths: {} },
      trace: () => Promise.resolve({ host, sources: () => [{ what: "/proc/a", text: "n 7\n" }] }),
    } as unknown as DaemonPorts,
    agent: {
      status: () => ({ collectors: [], handlers: [] }),
      parts: () => ({ collectors: [one], handlers: [] }),
    } as unknown as Agent,
    host,
    configuration: {
      settings: { leftOut: [], sections: new Map(), file: "d.conf" },
    } as unknown as Configuration,
  });
  return { clock, counted, ask: () => ask("servers.h.a.n") };
}

describe("explain in an agent", () => {
  it("runs the collector once more for many questions, and again after a minute", async () => {
    const { clock, counted, ask } = await explaining(() => {});
    for (let question = 0; question < 5; question++) {
      const { verdict, rows } = await ask();
      match(verdict, /^Published by A: 7/);
      equal(rows.find(({ label }) => label === "source")?.value, "/proc/a");
    }
    equal(counted.runs, 2);
    await clock.advance(61_000);
    await ask();
    equal(counted.runs, 3);
  });

  it("answers without what a run that hangs would have read", async () => {
    const { clock, ask } = await explaining((run) =>
      run > 1 ? new Promise<void>(() => {}) : undefined
    );
    const answer = ask();
    await clock.advance(5000);
    const { verdict, rows } = await answer;
    match(verdict, /^Published by A: 7/);
    equal(rows.some(({ label }) => label === "field"), false);
  });
});
