/** A process of plugins that even a kill does not end costs the collector that it waits for, and no other. */

import { doesNotThrow, throws } from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { describe, it } from "node:test";
import { Stuck } from "../../src/platform/plugins/stuck.ts";

const run = (section: string) => ({ section, collector: section.split(" ")[0] });

function processThatHangs() {
  const child = { exitCode: null as number | null, signalCode: null };
  return { child: child as unknown as ChildProcess, end: () => void (child.exitCode = 0) };
}

describe("a process that a kill does not end", () => {
  it("leaves out the collector that it began last, until it is gone", () => {
    const stuck = new Stuck("the plugins");
    const { child, end } = processThatHangs();
    for (const name of ["SlowCollector", "ReadCollector", "OtherCollector"]) stuck.began(run(name));
    stuck.abandoned(child, "ReadCollector");
    throws(() => stuck.check("ReadCollector"), /run of ReadCollector waits in a call that even/);
    for (const name of ["SlowCollector", "OtherCollector"]) doesNotThrow(() => stuck.check(name));
    doesNotThrow(() => stuck.checkStart());
    end();
    doesNotThrow(() => stuck.check("ReadCollector"));
  });

  it("leaves out the one whose run was late, where others answer", () => {
    const stuck = new Stuck("Python");
    const { child } = processThatHangs();
    stuck.began(run("QCollector"));
    stuck.began(run("PCollector one"));
    stuck.ended("PCollector one", "late");
    // Its next run is refused at once.
    stuck.began(run("PCollector one"));
    stuck.ended("PCollector one", "failed");
    stuck.abandoned(child, "/plugins/p.py");
    throws(() => stuck.check("PCollector one"), /PCollector one/);
    doesNotThrow(() => stuck.check("QCollector"));
  });

  it("keeps another from being started where nothing is known of it", () => {
    const stuck = new Stuck("the handler X");
    const { child, end } = processThatHangs();
    stuck.abandoned(child, "");
    throws(() => stuck.checkStart(), /the process of the handler X waits/);
    end();
    doesNotThrow(() => stuck.checkStart());
  });

  it("knows nothing of runs in a process before it", () => {
    const stuck = new Stuck("the plugins");
    stuck.began(run("A"));
    stuck.restarted();
    stuck.began(run("B"));
    stuck.abandoned(processThatHangs().child, "A");
    doesNotThrow(() => stuck.check("A"));
    throws(() => stuck.check("B"));
  });
});
