import { deepEqual, equal, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { messageOf } from "../../src/core/errors.ts";
import { createProbe } from "../../src/platform/fs/probe.ts";

const asker = { signal: new AbortController().signal };

describe("small files and folders that are asked for", () => {
  it("are read where they are regular; a FIFO and what is too large are refused at once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "small-files-"));
    try {
      const probe = createProbe({ procfs: "", sysfs: "", rootfs: folder });
      writeFileSync(join(folder, "value"), "  21.5");
      writeFileSync(join(folder, "large"), new Uint8Array(2_000_000));
      execFileSync("mkfifo", [join(folder, "fifo")]);
      equal(await probe.read("/value", asker), "  21.5");
      deepEqual([...await probe.list("/", asker)].sort(), ["fifo", "large", "value"]);
      for (
        const [name, why] of Object.entries({
          fifo: /not a regular file/,
          large: /longer than 64 KiB/,
          gone: /no such file/,
        })
      ) {
        await rejects(probe.read(`/${name}`, asker), (error) => why.test(messageOf(error)), name);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
