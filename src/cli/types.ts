/** `types`: what `import … from "diamond-agent"` means, for editors and compilers. */

import declarations from "./diamond-agent.d.txt" with { type: "text" };
import type { CommandSpec } from "./command.ts";
import { UsageError } from "./flags.ts";
import type { World } from "./world.ts";

export function typesCommand(world: World): CommandSpec {
  return {
    name: "types",
    summary: "Write the types for plugins, so that editors complete",
    operands: "DIR",
    args: { dir: { type: "positional", required: false, description: "DIR" } },
    examples: ["diamond-agent types /etc/diamond/mine"],
    notes: "Writes DIR/diamond-agent.d.ts, and DIR/tsconfig.json where there is none.",
    run(flags) {
      const [dir, ...more] = flags.words;
      if (dir === undefined || more.length > 0) {
        throw new UsageError("Into which folder? diamond-agent types DIR");
      }
      const folder = world.files.absolute(dir);
      const [types, settings] = [`${folder}/diamond-agent.d.ts`, `${folder}/tsconfig.json`];
      world.writeFile(types, declarations);
      world.out.write(`${types}\n`);
      if (world.files.access(settings) === undefined) {
        world.writeNewFile(settings, TSCONFIG);
        world.out.write(`${settings}\n`);
      }
      return Promise.resolve(0);
    },
  };
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "esnext",
    "module": "preserve",
    "lib": ["esnext", "dom"],
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "verbatimModuleSyntax": true
  }
}
`;
