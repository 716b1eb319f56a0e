import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import diskSpace from "../../src/collectors/host/disk_space.ts";
import userScripts from "../../src/collectors/host/user_scripts.ts";
import { networkProblems } from "../../src/config/network_paths.ts";
import type { Settings } from "../../src/config/settings.ts";
import { Cursor } from "../../src/core/cursor.ts";
import { canHang, hangingKind } from "../../src/platform/fs/mount_kinds.ts";
import { memoryFiles } from "../harness/memory_files.ts";
import { silentLog } from "../harness/recorded_log.ts";

describe("a file system that can hang", () => {
  it("is one of the network, or of another program", () => {
    const kinds = ["nfs4", "cifs", "fuse.sshfs", "9p", "ext4 fuse.x", "ext4", "tmpfs", "overlay"];
    deepEqual(kinds.filter(canHang), kinds.slice(0, 5));
    equal(hangingKind("/proc/self"), undefined);
  });

  it("is told of where the agent has files of its own there", () => {
    const files = {
      ...memoryFiles({}),
      executable: "/net/diamond-agent",
      networkKinds: () => (path: string) => (path.startsWith("/net/") ? "nfs4" : undefined),
    };
    const server = {
      pid_file: "/run/x.pid",
      state_path: "/net/state",
      spool_path: "off",
      socket: "",
      collectors_path: ["/net/plugins", "relative"],
      handlers_path: [],
    };
    const settings = {
      file: "/net/diamond.conf",
      server,
      serverOrigins: new Map([["state_path", { file: "/net/diamond.conf", line: 3 }]]),
      handlers: [],
      log: { outputs: [] },
      directories: [],
    } as unknown as Settings;
    const found = networkProblems(settings, files).map(({ line, message }) =>
      `${line} ${message.split(" is on a network file system (nfs4)")[0]}`
    );
    deepEqual(found, [
      '3 state_path "/net/state"',
      '0 collectors_path "/net/plugins"',
      '0 The configuration "/net/diamond.conf"',
      '0 The executable "/net/diamond-agent"',
    ]);
  });

  it("is asked for with what lies on it, by another process", async () => {
    const table =
      "server:/a /net nfs4 rw 0 0\n/dev/sdb /net/vol ext4 rw 0 0\n/dev/sda / ext4 rw 0 0\n" +
      "/overlay /merged overlay rw,lowerdir=/lower:/net/b,upperdir=/up 0 0\n/dev/sdc /netter ext4 rw 0 0\n";
    const asked: Record<string, string> = {};
    const answer = {
      blockSize: 1,
      blocks: 1,
      blocksFree: 1,
      blocksAvailable: 1,
      files: 1,
      filesFree: 1,
    };
    let device = 0;
    const host = {
      system: "linux",
      fs: {
        read: () => new Cursor(new TextEncoder().encode(table), "/proc/mounts"),
        exists: () => false,
        realPath: () => undefined,
      },
      clock: { monotonic: () => 0 },
      probe: {
        device: () => ++device,
        statvfs(path: string, kinds: string) {
          asked[path] = kinds;
          return answer;
        },
      },
    };
    const options = {
      filesystems: ["ext4", "overlay"],
      exclude_filters: { compiled: [] },
      byte_unit: ["byte"],
    };
    const context = {
      host,
      options,
      state: diskSpace.prepare?.(options as never, host as never),
      emit() {},
      log: silentLog,
    };
    await diskSpace.collect(context as never);
    deepEqual(Object.entries(asked).filter(([, kinds]) => canHang(kinds)).map(([path]) => path), [
      "/net/vol",
      "/merged",
    ]);
    deepEqual(Object.keys(asked).sort(), ["/", "/merged", "/net/vol", "/netter"]);
  });

  it("is asked before its scripts are looked for", async () => {
    const host = {
      fs: {
        hangingKind: (path: string) => (path === "/net/scripts" ? "nfs4" : undefined),
        list: () => {
          throw new Error("it was looked into");
        },
      },
      probe: { statvfs: () => Promise.reject(new Error("it does not answer")) },
    };
    const context = { host, options: { scripts_path: "/net/scripts/" }, state: {}, log: silentLog };
    await rejects(async () => await userScripts.collect(context as never), /it does not answer/);
  });
});
