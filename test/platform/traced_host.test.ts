import { deepEqual, equal } from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { hide } from "../../src/core/secrets.ts";
import { createHost } from "../../src/platform/host.ts";
import { traceHost } from "../../src/platform/traced_host.ts";

const rootfs = mkdtempSync(join(tmpdir(), "diamond-agent-"));
after(() => rmSync(rootfs, { recursive: true, force: true }));
mkdirSync(join(rootfs, "etc"));
writeFileSync(join(rootfs, "etc/one"), "a 12\nb 13\n");

const traced = () => traceHost(createHost({ procfs: "/proc", sysfs: "/sys", rootfs }));
const { signal } = new AbortController();

describe("a traced host", () => {
  it("reads as the real one does, and remembers what", async () => {
    const { host, sources } = traced();
    equal(host.fs.read("/etc/one").word(), "a");
    equal(host.fs.tryRead("/etc/none"), undefined);
    equal([...host.fs.readPieces("/etc/one")].length, 1);
    deepEqual(host.fs.list("/etc"), ["one"]);
    equal((await host.exec.run(["echo", "7"], { signal })).stdout, "7\n");
    deepEqual(sources(), [
      { what: "/etc/one", text: "a 12\nb 13\n" },
      { what: "/etc", text: undefined },
      { what: "echo 7", text: "7\n" },
    ]);
  });

  it("removes and writes nothing", () => {
    const { host } = traced();
    host.fs.remove("/etc/one");
    host.fs.append("/etc/two", {} as never).append("text");
    equal(existsSync(join(rootfs, "etc/one")), true);
    equal(existsSync(join(rootfs, "etc/two")), false);
  });

  it("names what was asked of others, without secrets, and that it failed", async () => {
    hide("s3cretMark");
    const { host, sources } = traced();
    const request = {
      method: "GET",
      url: "http://me:s3cretMark@127.0.0.1:1/x?token=s3cretMark",
      headers: {},
    };
    await host.net.request(request, signal).catch(() => {});
    await host.exec.run(["echo", "s3cretMark"], { signal });
    const text = JSON.stringify(sources().map(({ what }) => what));
    equal(text, '["echo ********","GET http://127.0.0.1:1/x"]');
  });
});
