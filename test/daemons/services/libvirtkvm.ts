/** libvirtd as nobody with an emulated guest that has nothing to boot; virsh asks for each figure by another command. */

import { mkdirSync, writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, prefixed, renamed, run, say } from "../daemon.ts";

const NAME = "tested-guest";
const KIB = 1024;

export default {
  collector: "LibvirtKVMCollector",
  packages: {
    virsh: "libvirt-clients",
    libvirtd: "libvirt-daemon",
    "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so":
      "libvirt-daemon-driver-qemu",
    "qemu-system-x86_64": "qemu-system-x86",
    setpriv: "util-linux",
  },

  async start({ folder }) {
    mkdirSync(`${folder}/config/libvirt`, { recursive: true });
    writeFileSync(`${folder}/config/libvirt/qemu.conf`, 'stdio_handler = "file"\n');
    writeFileSync(
      `${folder}/libvirtd.conf`,
      `unix_sock_dir = "${folder}"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\nlisten_tls = 0\n`,
    );
    writeFileSync(`${folder}/disk`, new Uint8Array(1_048_576));
    writeFileSync(
      `${folder}/guest.xml`,
      `<domain type='qemu'><name>${NAME}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${folder}/disk'/>
<target dev='vda' bus='virtio'/></disk></devices></domain>`,
    );
    say("chown", ["-R", "nobody", folder]);
    const env = { HOME: folder, XDG_RUNTIME_DIR: folder, XDG_CONFIG_HOME: `${folder}/config` };
    const server = run("setpriv", [
      ...["--reuid=nobody", "--clear-groups", "libvirtd", "-f", `${folder}/libvirtd.conf`],
      ...["-p", `${folder}/pid`],
    ], { env });
    const uri = `qemu+unix:///session?socket=${folder}/libvirt-sock`;
    const virsh = (...words: string[]) => say("virsh", ["-q", "-c", uri, ...words]);
    await answers("virsh", ["-c", uri, "list"]);
    virsh("create", `${folder}/guest.xml`);
    return {
      version: say("libvirtd", ["--version"]).match(/[\d.]+/)![0],
      options: `uri = ${uri}\ncollect_timeout = 10\n`,
      client() {
        const disk = figuresIn(virsh("domblkstat", NAME, "vda"), /vda (\w+) (\d+)/g);
        const memory = figuresIn(virsh("dommemstat", NAME), /^(\w+) (\d+)$/gm);
        const sizes = [...memory].map(([name, size]) => [name, size * KIB] as const);
        return prefixed(
          `instances.${NAME}.libvirt-kvm.`,
          new Map([
            ...renamed(
              "block.vda.read_reqs=rd_req block.vda.read_bytes=rd_bytes block.total.write_reqs=wr_req",
              disk,
            ),
            ...renamed("memory.nominal=actual memory.rss=rss", new Map(sizes)),
          ]),
        );
      },
      moves: { [`instances.${NAME}.libvirt-kvm.memory.rss`]: 0.1 },
      stop: async () => {
        virsh("destroy", NAME);
        await server.stop();
      },
    };
  },
} satisfies Daemon;
