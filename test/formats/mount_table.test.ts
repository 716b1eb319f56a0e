/** `/proc/mounts` as the kernel writes it. */

import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { Cursor } from "../../src/core/cursor.ts";
import { mountPath, mountsIn } from "../../src/formats/mount_table.ts";

const cursor = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return new Cursor(bytes, "/proc/mounts", bytes.length);
};

describe("the table of mounts", () => {
  it("gives devices, points and types, without what has no device", () => {
    const lines = [
      "sysfs /sys sysfs rw 0 0",
      "/dev/sda1 / ext4 rw 0 0",
      "web1:/data /mnt/with\\040blank nfs4 rw 0 0",
    ];
    deepEqual(mountsIn(cursor(lines.join("\n"))), [
      { device: "/dev/sda1", point: "/", kind: "ext4", kinds: "ext4" },
      { device: "web1:/data", point: "/mnt/with blank", kind: "nfs4", kinds: "nfs4" },
    ]);
  });

  it("knows what a mount lies on, and the layers of an overlay", () => {
    const lines = [
      "web1:/data /data nfs rw 0 0",
      "/dev/sdb1 /data/disk ext4 rw 0 0",
      "tmpfs /merged overlay rw,lowerdir=/data/a:/lower,upperdir=/upper 0 0",
    ];
    deepEqual(mountsIn(cursor(lines.join("\n"))).map(({ point, kinds }) => [point, kinds]), [
      ["/data", "nfs"],
      ["/data/disk", "ext4 nfs"],
      ["/merged", "overlay nfs"],
    ]);
  });

  it("reads the kernel's octal numbers in a path, a tab as well as a blank", () => {
    equal(mountPath("/a\\040b\\011c\\134d"), "/a b\tc\\d");
    equal(mountPath("/plain"), "/plain");
  });
});
