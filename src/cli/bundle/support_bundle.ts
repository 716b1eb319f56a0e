/** `support-bundle`: what somebody needs who helps, in one archive that can be read before it is sent. */

import { configError } from "../../core/errors.ts";
import { tar } from "../../formats/tar.ts";
import { type CommandSpec } from "../command.ts";
import { count } from "../../formats/figures.ts";
import { UsageError } from "../flags.ts";
import { socketFlags } from "../status.ts";
import { paint, table } from "../text.ts";
import type { World } from "../world.ts";
import { bundleParts } from "./parts.ts";

const ENDING = ".tar.gz";

export function supportBundleCommand(world: World): CommandSpec {
  return {
    name: "support-bundle",
    summary: "Write status, configuration, log and host facts into one archive, without secrets",
    operands: "[FILE]",
    args: {
      file: { type: "positional", required: false, description: "The archive, .tar.gz" },
      ...socketFlags,
    },
    examples: [
      "diamond-agent support-bundle",
      "diamond-agent support-bundle -c /etc/diamond/diamond.conf /tmp/bundle.tar.gz",
      "tar -xzOf /tmp/bundle.tar.gz | less       read it before you send it",
    ],
    notes:
      "Secrets of the configuration are masked everywhere in it. Host names, addresses and metric names are not. It never writes over a file, and only you can read it.",
    async run(flags) {
      const [given, ...more] = flags.words;
      if (more.length > 0) {
        throw new UsageError("One file, please: diamond-agent support-bundle FILE");
      }
      if (given !== undefined && !given.endsWith(ENDING)) {
        throw new UsageError(`the archive is a ${ENDING}: name it so, not "${given}"`);
      }
      const { out, files } = world;
      const now = new Date();
      const name = `diamond-agent-${hostname(world)}-${
        now.toISOString().slice(0, 19).replace(/\D/g, "")
      }`;
      const path = files.absolute(given ?? `${name}${ENDING}`);
      if (files.access(path) !== undefined) {
        throw configError(`"${path}" is there already: name another file`);
      }
      const parts = await bundleParts(world, flags);
      const encoder = new TextEncoder();
      const contents = table(
        parts.map(({ file, about, text }) => [file, `${count(text.length)} characters`, about]),
        "  ",
      );
      const readme = {
        file: "README.txt",
        about: "this table",
        text: `diamond-agent ${world.buildInfo.version}, ${now.toISOString()}\n\n${contents}`,
      };
      const modified = now.getTime() / 1000;
      const bytes = await world.writePieces(
        path,
        tar([readme, ...parts].map(({ file, text }) => ({
          path: `${name}/${file}`,
          bytes: encoder.encode(text),
          modified,
        }))),
        { isNew: true },
      );
      out.write(`${paint(out, "bold", path)}: ${count(bytes)} bytes\n${contents}`);
      out.write(`\nSecrets are masked. Read it before you send it: tar -xzOf ${path} | less\n`);
      return 0;
    },
  };
}

function hostname({ host }: World): string {
  return host({}).names.hostname().replace(/[^\w-]/g, "_").slice(0, 40) || "host";
}
