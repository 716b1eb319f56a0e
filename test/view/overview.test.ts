import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { overview, type Panel } from "../../src/view/overview.ts";

const labelsOf = (panel: Panel | undefined) => panel?.series.map(({ label }) => label);

function panel(id: string, ...paths: string[]): Panel | undefined {
  return overview(paths.map((path) => `servers.web-1.${path}`)).find((one) => one.id === id);
}

describe("the overview", () => {
  it("has no chart without series, and none for what only looks alike", () => {
    deepEqual(overview([]), []);
    deepEqual(overview(["servers.a.mycpu.total.user", "servers.a.cpu.total.user.x"]), []);
  });

  it("stacks the uses of all processors in one order, without idle time and what is counted twice", () => {
    const uses = ["steal", "idle", "system", "guest", "user", "iowait"];
    const found = panel("cpu", "cpu.cpu0.user", ...uses.map((use) => `cpu.total.${use}`));
    equal(found?.stacked, true);
    deepEqual(labelsOf(found), ["user", "system", "iowait", "steal"]);
  });

  it("finds series whatever their paths begin with", () => {
    for (const prefix of ["", "servers.a.", "dc1.servers.a_b.x."]) {
      const [found] = overview([`${prefix}loadavg.01`]);
      deepEqual(found.series, [{ path: `${prefix}loadavg.01`, label: "1 min" }]);
    }
  });

  it("shows memory from total to free", () => {
    const fields = ["MemFree", "SwapFree", "MemTotal", "Cached"];
    const found = panel("memory", ...fields.map((field) => `memory.${field}`));
    deepEqual(labelsOf(found), ["total", "cached", "free"]);
  });

  it("shows the free space of each mount once, and no inodes", () => {
    const found = panel(
      "space",
      "diskspace.root.inodes_percentfree",
      "diskspace.root.byte_percentfree",
      "diskspace.root.gigabyte_percentfree",
      "diskspace._srv.byte_percentfree",
    );
    deepEqual(labelsOf(found), ["_srv", "root"]);
  });

  it("shows disks without their partitions, in one unit", () => {
    const rates = ["sda", "sda1", "nvme0n1", "nvme0n1p2", "vdb1", "dm-0"].flatMap((disk) => [
      `iostat.${disk}.read_megabyte_per_second`,
      `iostat.${disk}.read_byte_per_second`,
      `iostat.${disk}.read_requests_merged_per_second`,
    ]);
    const found = panel("io", ...rates);
    equal(found?.unit, "byte/s");
    deepEqual(labelsOf(found), ["dm-0 read", "nvme0n1 read", "sda read", "vdb1 read"]);
  });

  it("shows what waits on disk for a handler", () => {
    const found = panel("backlog", "diamond.spooled", "diamond.queued", "diamond.delivered");
    deepEqual(labelsOf(found), ["points on disk"]);
  });

  it("takes the unit that there is", () => {
    const found = panel("network", "network.eth0.rx_kilobit", "network.eth0.tx_kilobit");
    equal(found?.unit, "kilobit/s");
    deepEqual(labelsOf(found), ["eth0 in", "eth0 out"]);
  });

  it("bounds the lines of a chart, in natural order", () => {
    const devices = Array.from({ length: 40 }, (_, at) => `network.eth${at}.rx_byte`);
    const found = labelsOf(panel("network", ...devices));
    equal(found?.length, 16);
    equal(found?.[2], "eth2 in");
  });

  it("shows pressure where a collector has it", () => {
    const paths = ["io.full", "io.some", "irq.full", "memory.some"];
    const found = panel(
      "pressure",
      ...paths.map((one) => `pressure.${one}.avg10`),
      "psi.cpu.some_avg10",
    );
    deepEqual(labelsOf(found), ["cpu some", "memory some", "io some", "io full", "irq full"]);
  });
});
