/** Source: https://www.exim.org/exim-html-current/doc/html/spec_html/ch-the_exim_command_line.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { text } from "../../core/option.ts";
import { excerpt } from "../../core/visible.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";

export default defineCollector({
  name: "EximCollector",
  doc: "Messages in Exim's queue",
  path: "exim",
  sources: ["exim -bpc"],
  systems: everySystem,
  options: {
    ...commandOptions("/usr/sbin/exim"),
    sudo_user: text("root", "The user that sudo runs it as"),
  },
  metrics: { queuesize: gauge("Messages that wait") },

  async collect({ host, options, emit, signal }) {
    const output = await run(host, options, ["-bpc"], signal, { sudoUser: options.sudo_user });
    const written = output.trim().split(/\s+/).at(-1);
    const count = numberIn(written);
    if (count === undefined) {
      throw badData(`${options.bin} -bpc prints "${excerpt(output, 60)}", not a number`);
    }
    emit("queuesize", count);
  },
});
