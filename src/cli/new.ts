/** `new collector NAME`: a collector of one's own to begin with, and its settings. */

import type { CommandSpec } from "./command.ts";
import { UsageError } from "./flags.ts";
import type { World } from "./world.ts";

export function newCommand(world: World): CommandSpec {
  return {
    name: "new",
    summary: "Write a collector to begin with, its settings and a test",
    operands: "collector NAME",
    args: {
      words: { type: "positional", required: false, description: "collector NAME" },
      dir: { type: "string", valueHint: "DIR", description: "Where to (default: here)" },
    },
    examples: [
      "diamond-agent new collector Queue                      QueueCollector, in queue.ts",
      "diamond-agent new collector Queue --dir /etc/diamond/mine",
    ],
    notes: "Files that are there already are left as they are. Exit status 1: nothing was written.",
    run(flags) {
      const [what, name, ...more] = flags.words;
      if (what !== "collector" || name === undefined || more.length > 0) {
        throw new UsageError("Of what, and called what? diamond-agent new collector NAME");
      }
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new UsageError(`"${name}" is no name: letters, digits and _ are allowed`);
      }
      const full = name.endsWith("Collector") ? name : `${name}Collector`;
      const short = full.slice(0, -"Collector".length).toLowerCase() || "mine";
      const folder = world.files.absolute(flags.text("dir") ?? ".");
      const [code, settings] = [`${folder}/${short}.ts`, `${folder}/${full}.conf`];
      world.writeNewFile(code, collectorText(full, short));
      world.writeNewFile(settings, settingsText(full));
      const tests = `${folder}/test_${short}`;
      for (const [path, text] of testFiles(short)) world.writeNewFile(`${tests}/${path}`, text);
      world.out.write(
        `${code}\n${settings}\n${tests}\n\n` +
          `Try it:      diamond-agent collect ${code}\n` +
          `Test it:     diamond-agent test ${code} ${tests}\n` +
          `Edit it:     diamond-agent types ${folder}   has editors complete its import\n` +
          `Have it run: name ${folder} in [server] collectors_path, and copy ${full}.conf\n` +
          "             into collectors_config_path; `diamond-agent check` tells whether all is well\n",
      );
      return Promise.resolve(0);
    },
  };
}

/** In one piece at the beginning of a line it would be an import of this file. */
const IMPORT = "import";

function collectorText(name: string, path: string): string {
  return `// What the agent gives: its functions, and the types for your editor.
${IMPORT} { defineCollector, gauge, text } from "diamond-agent";

export default defineCollector({
  // The section of the configuration: [[${name}]].
  name: "${name}",
  doc: "How long the list of connections is",
  // What stands for it in metric paths: servers.<host>.${path}.lines
  path: "${path}",

  // Each with its default and its help; bool(), integer(), list(), secret() and more are like this.
  // Without \`options\`, every key of the section comes as it stands.
  options: {
    file: text("/proc/net/tcp", "The file whose lines are counted"),
  },

  // gauge: the value as it is. rate, counter: it grows, and is published per second.
  // Without \`metrics\`, any name is a gauge.
  metrics: {
    lines: gauge("Lines of the file"),
  },

  // Runs once in each interval. What it throws is logged, counted, and tried again later.
  collect({ host, options, emit }) {
    const lines = host.fs.read(options.file).text().trimEnd().split("\\n");
    emit("lines", lines.length);
  },
});
`;
}

/** What `record` would write on a host with two connections, then three. */
function testFiles(path: string): [name: string, text: string][] {
  const head = "  sl  local_address rem_address   st\n";
  const line = (index: number) => `   ${index}: 0100007F:1F90 0100007F:${9000 + index} 01\n`;
  return [
    ["0s/proc/net/tcp", head + line(0) + line(1)],
    ["10s/proc/net/tcp", head + line(0) + line(1) + line(2)],
    ["metrics.txt", `# 0s\n${path}.lines 3\n# 10s\n${path}.lines 4\n`],
  ];
}

function settingsText(name: string): string {
  return `# Settings of ${name}; those of all collectors, such as interval and path_prefix, work as well.
enabled = True
file = /proc/net/tcp
`;
}
