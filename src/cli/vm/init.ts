/**
 * `init`: process 1 of a VM that has a kernel and this executable, and nothing else. It mounts what the
 * collectors read, brings the network up, and keeps one agent running.
 */

import type { RunningCommand } from "../../ports/exec.ts";
import { configError, messageOf } from "../../core/errors.ts";
import { restartPause } from "../../core/restart_pause.ts";
import type { Kernel } from "../../ports/process.ts";
import { type CommandSpec, configFlag, DEFAULT_CONFIG } from "../command.ts";
import type { World } from "../world.ts";

/** Where start-up images have drivers, loaded in the order of their names. */
export const DRIVERS = "/lib/drivers";
const MOUNTS: readonly (readonly [kind: string, folder: string])[] = [
  ["proc", "/proc"],
  ["sysfs", "/sys"],
  ["devtmpfs", "/dev"],
  ["tmpfs", "/run"],
  ["tmpfs", "/tmp"],
];
/** Interval between checks for orphaned processes to reap. */
const REAP_MS = 10_000;
/** For a device to appear after its driver. */
const DEVICE_MS = 5000;
const STOP_MS = 20_000;

export function initCommand(world: World): CommandSpec {
  return {
    name: "init",
    summary: "Run as process 1 of a minimal VM",
    args: {
      ...configFlag,
      restart: { type: "boolean", description: "Restart the machine at the end, not power it off" },
    },
    examples: [
      "diamond-agent initramfs vm.img -c diamond.conf     makes an image that does this",
      "ip=10.0.2.15::10.0.2.2:255.255.255.0:vm1:eth0      on the kernel's command line: the network",
    ],
    notes:
      `SIGTERM and SIGINT stop the agent and power the machine off. Drivers are *.ko in ${DRIVERS}.`,
    async run(flags) {
      const { self } = world.host({});
      if (self.pid !== 1) {
        throw configError("init is for process 1 of a VM or container; elsewhere there is `run`");
      }
      const kernel = await world.kernel();
      const say = (text: string) => world.out.write(`init: ${text}\n`);
      for (const [kind, folder] of MOUNTS) kernel.mount(kind, folder);
      loadDrivers(world, kernel, say);
      kernel.bringUp("lo", "127.0.0.1", "255.0.0.0");
      await network(world, kernel, say);
      await keepRunning(world, kernel, flags.text("configfile") ?? DEFAULT_CONFIG, say);
      say(flags.on("restart") ? "restarts the machine" : "powers the machine off");
      kernel.end(flags.on("restart") ? "restart" : "power-off");
      return 0;
    },
  };
}

type Say = (text: string) => void;

function loadDrivers(world: World, kernel: Kernel, say: Say): void {
  const { fs } = world.host({});
  if (!fs.exists(DRIVERS)) return;
  for (const name of fs.list(DRIVERS).sort()) {
    if (!kernel.loadModule(`${DRIVERS}/${name}`)) say(`the driver ${name} cannot be loaded`);
  }
}

/** Source: `ip=` in https://docs.kernel.org/admin-guide/nfs/nfsroot.html */
async function network(world: World, kernel: Kernel, say: Say): Promise<void> {
  const { fs, clock } = world.host({});
  const line = fs.read("/proc/cmdline").text();
  const settings = /(?:^|\s)ip=(\S+)/.exec(line)?.[1].split(":");
  if (settings === undefined) return;
  const [address, , gateway = "", mask = "", name = "", device = "", , dns = ""] = settings;
  const card = device || "eth0";
  for (let waited = 0; waited < DEVICE_MS; waited += 100) {
    if (fs.exists(`/sys/class/net/${card}`)) break;
    await clock.sleep(100);
  }
  if (!kernel.bringUp(card, address, mask || "255.255.255.0")) say(`${card} cannot be brought up`);
  if (gateway !== "" && !kernel.route(gateway)) say(`there is no way to ${gateway}`);
  if (name !== "") kernel.setHostname(name);
  if (dns !== "") world.writeFile("/etc/resolv.conf", `nameserver ${dns}\n`);
  say(`${card} has ${address}`);
}

/** Until a signal comes. */
async function keepRunning(world: World, kernel: Kernel, config: string, say: Say): Promise<void> {
  const { exec, clock, fs, self } = world.host({});
  const stop = new AbortController();
  world.daemon.onSignal(["SIGTERM", "SIGINT", "SIGPWR"], () => stop.abort());
  const argv = [...world.command(), "run", "--foreground", "--skip-pidfile", "-c", config];
  let pause = 0;
  const reaper = reapOrphans();
  while (!stop.signal.aborted) {
    const started = clock.monotonic();
    const why = await once();
    if (stop.signal.aborted) break;
    pause = restartPause(pause, clock.monotonic() - started);
    say(`the agent ${why}; it is started again in ${pause / 1000} s`);
    await clock.sleep(pause, stop.signal);
  }
  await reaper;

  /** Resolves with how it ended. */
  function once(): Promise<string> {
    return new Promise((resolve) => {
      const agent: RunningCommand = exec.start(argv, {
        line: (text) => world.out.write(`${text}\n`),
        said: (text) => world.err.write(text),
        ended: resolve,
      });
      stop.signal.addEventListener("abort", () => {
        agent.signal("SIGTERM");
        void clock.sleep(STOP_MS).then(() => {
          agent.stop();
          resolve("did not stop");
        });
      }, { once: true });
    });
  }

  /** Processes whose parents have gone are process 1's to bury. */
  async function reapOrphans(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(REAP_MS, stop.signal);
      try {
        for (const pid of fs.list("/proc").filter((name) => /^\d+$/.test(name))) {
          const stat = fs.tryRead(`/proc/${pid}/stat`)?.text() ?? "";
          const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
          if (state === "Z" && Number(parent) === self.pid) kernel.reap(Number(pid));
        }
      } catch (error) {
        say(messageOf(error));
      }
    }
  }
}
