/** The composition root: the rooms are put together here, and only here. */

import process from "node:process";
import { createAgent } from "./agent/agent.ts";
import { main } from "./cli/root.ts";
import { collectorPaths, collectors } from "./collectors/registry.ts";
import { handlers } from "./handlers/registry.ts";
import { configFiles } from "./platform/fs/config_files.ts";
import { createPluginLoader } from "./platform/plugins/loader.ts";
import { createHost } from "./platform/host.ts";
import {
  readFile,
  readTail,
  removeFile,
  writeFile,
  writeNewFile,
  writePieces,
} from "./platform/fs/local_files.ts";
import { recordedHost } from "./platform/recorded_host.ts";
import { recordingHost } from "./platform/recording_host.ts";
import { readLines } from "./platform/fs/line_reader.ts";
import { openLog } from "./platform/log/log.ts";
import { selfCommand } from "./platform/runtime/self_command.ts";
import { complain, daemonControl, terminal } from "./platform/service/process.ts";
import { rootsFrom } from "./platform/roots.ts";
import { createSpools, listSpools, lookInto } from "./platform/spool/spools.ts";
import { buildInfo } from "./platform/runtime/build_info.ts";
import { stateFile } from "./platform/fs/state_file.ts";

/** Runs the command line; resolves with the exit status. */
export function run(args: readonly string[]): Promise<number> {
  return main(args, {
    buildInfo,
    catalogue: { collectors, handlers, paths: collectorPaths },
    files: configFiles,
    out: terminal("stdout"),
    err: terminal("stderr"),
    host: (roots) => createHost(rootsFrom(roots, process.env)),
    trace: async (host) => (await import("./platform/traced_host.ts")).traceHost(host),
    custom: (roots) => createPluginLoader(rootsFrom(roots, process.env)),
    agent: (ports) => createAgent({ ...ports, random: Math.random }),
    openLog: (plan, toStdout) => openLog({ plan, toStdout, complain }),
    spools: createSpools,
    listSpools,
    lookIntoSpool: lookInto,
    state: stateFile,
    readLines,
    receiveLines: async (port, take) =>
      await (await import("./platform/net/line_receiver.ts")).receiveLines(port, take),
    writeNewFile,
    writeFile,
    removeFile,
    readFile,
    readTail,
    writePieces,
    screen: async () => (await import("./platform/terminal/full_screen.ts")).screenPort,
    kernel: async () => (await import("./platform/service/kernel.ts")).openKernel(),
    command: selfCommand,
    recording: (directory, round, secrets) =>
      recordingHost(createHost(rootsFrom({}, process.env)), directory, round, secrets),
    recorded: recordedHost,
    daemon: daemonControl,
  });
}
