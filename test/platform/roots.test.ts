import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { hostPathOf, hostViewOf, realPathOf, rootsFrom } from "../../src/platform/roots.ts";

describe("roots", () => {
  const roots = { procfs: "/host/proc", sysfs: "", rootfs: "/host" };
  it("move paths there and back", () => {
    equal(realPathOf("/proc/stat", roots), "/host/proc/stat");
    equal(realPathOf("/sys/x", roots), "/host/sys/x");
    equal(realPathOf("/etc/x", roots), "/host/etc/x");
    equal(realPathOf("/host/etc/x", roots), "/host/etc/x");
    equal(realPathOf("/process", { procfs: "/p", sysfs: "", rootfs: "" }), "/process");
    equal(hostPathOf("/host/proc/stat", roots), "/proc/stat");
    equal(hostPathOf("/host/etc", roots), "/etc");
  });
  it("show a container its host's mounts and network, through process 1", () => {
    const has = (path: string) => path.startsWith("/host/proc/1/");
    equal(hostViewOf("/proc/net/dev", roots, has), "/host/proc/1/net/dev");
    equal(hostViewOf("/proc/mounts", roots, has), "/host/proc/1/mounts");
    equal(hostViewOf("/proc/mounts", roots, () => false), "/host/proc/mounts");
    equal(hostViewOf("/proc/stat", roots, has), "/host/proc/stat");
    equal(
      hostViewOf("/proc/net/dev", { procfs: "", sysfs: "", rootfs: "" }, () => true),
      "/proc/net/dev",
    );
  });
  it("take options before the environment", () => {
    deepEqual(rootsFrom({ procfs: "/a/" }, { HOST_PROC: "/b", HOST_SYS: "/s" }), {
      procfs: "/a",
      sysfs: "/s",
      rootfs: "",
    });
  });
});
