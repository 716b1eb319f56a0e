/** Source: https://docs.kernel.org/virt/kvm/ and debugfs; only root can read it. */

import { defineCollector, rate } from "../../core/collector.ts";
import { numberOf } from "../../formats/number_file.ts";

const FOLDER = "/sys/kernel/debug/kvm";
const MAX_32_BITS = 4_294_967_295;

export default defineCollector({
  name: "KVMCollector",
  doc: "What the kernel's hypervisor does for all guests: exits, interrupts, page faults",
  path: "kvm",
  sources: [`${FOLDER}/*`],
  options: {},
  metrics: { "{file}": rate("Events of a kind per second", 0, { max: MAX_32_BITS, rare: true }) },

  collect({ host: { fs }, emit, skipLine }) {
    for (const name of fs.list(FOLDER).sort()) {
      // A guest has a folder of its own, with the same files.
      const path = `${FOLDER}/${name}`;
      const value = fs.stat(path)?.isDirectory ? undefined : numberOf(fs, path, skipLine);
      if (value !== undefined) emit("{file}", value, name);
    }
  },
});
