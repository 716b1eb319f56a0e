/**
 * Writes what follows from the declarations: the registries of lazy imports, the sample files in
 * conf/, the reference page. `--check` writes nothing and fails when one is not fresh.
 */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { completions, shells } from "../../src/cli/completions.ts";
import { commandsOf } from "../../src/cli/commands.ts";
import { type Manager, serviceFiles, USUAL_PATHS } from "../../src/cli/service/service_files.ts";
import type { World } from "../../src/cli/world.ts";
import { distributed, mainSample, referencePage, sampleFile } from "../../src/config/sample.ts";

import { serverOptions } from "../../src/config/server_options.ts";
import { commonOptions } from "../../src/core/collector.ts";
import { deliveryOptions } from "../../src/core/handler.ts";
import { differences } from "../../src/view/differences.ts";
import { manualPage, vimSyntax } from "./manual.ts";
import { buildPage } from "./page.ts";
import { thirdParty } from "./third_party.ts";

const EXAMPLES = 3;
const root = join(import.meta.dirname!, "../..");
const outputs = new Map<string, string>();
const collectors = await load("collectors");
const handlers = await load("handlers");

outputs.set(
  "src/collectors/registry.ts",
  registry("collectors", "AnyCollector", "collector", collectors) + pathTable(),
);
outputs.set("src/handlers/registry.ts", registry("handlers", "AnyHandler", "handler", handlers));
outputs.set(
  "conf/diamond.conf",
  mainSample(
    collectors.map(({ plugin }) => plugin),
    handlers.map(({ plugin }) => plugin),
    distributed,
  ),
);
for (const { plugin } of collectors) {
  outputs.set(`conf/collectors/${plugin.name}.conf`, sampleFile(plugin, "collector"));
}
for (const { plugin } of handlers) {
  outputs.set(`conf/handlers/${plugin.name}.conf`, sampleFile(plugin, "handler"));
}
outputs.set(
  "conf/REFERENCE.md",
  referencePage(
    collectors.map(({ plugin }) => plugin),
    handlers.map(({ plugin }) => plugin),
    ({ name }) => examplesOf(collectors.find(({ plugin }) => plugin.name === name)!.file),
  ),
);

outputs.set("src/cli/diamond-agent.d.txt", declarations().replaceAll("…", "..."));

const { html, policy } = buildPage(root);
outputs.set("src/view/page.html", html);
outputs.set("src/view/page_policy.txt", policy);
outputs.set("src/cli/third_party.txt", thirdParty(root));
outputs.set(
  "docs/migrating.md",
  withDifferences(readFileSync(join(root, "docs/migrating.md"), "utf8")),
);

const commands = commandsOf({} as World, [], () => {});
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
outputs.set("conf/diamond-agent.1", manualPage(commands, version));
for (const shell of shells) {
  outputs.set(`conf/completions/diamond-agent.${shell}`, completions(commands, shell));
}
outputs.set(
  "conf/diamond.vim",
  vimSyntax(collectors.map(({ plugin }) => plugin), handlers.map(({ plugin }) => plugin), [
    commonOptions,
    deliveryOptions,
    serverOptions,
  ]),
);
const services = { systemd: "service", openrc: "openrc", sysv: "init", launchd: "plist" } as const;
for (const [manager, ending] of Object.entries(services)) {
  const { text } = serviceFiles[manager as Manager];
  outputs.set(`conf/diamond-agent.${ending}`, text(USUAL_PATHS));
}

const check = process.argv.includes("--check");
const stale: string[] = [];
for (const [path, text] of outputs) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
for (const directory of ["conf/collectors", "conf/handlers"]) {
  for (const name of existsSync(join(root, directory)) ? readdirSync(join(root, directory)) : []) {
    const path = `${directory}/${name}`;
    if (outputs.has(path)) continue;
    stale.push(path);
    if (!check) rmSync(join(root, path));
  }
}
if (check && stale.length > 0) {
  console.error(`Not fresh, run "npm run gen": ${stale.join(", ")}`);
  process.exit(1);
}
if (!check) {
  console.log(
    stale.length === 0 ? "All generated files were fresh" : `Written: ${stale.join(", ")}`,
  );
}

/** Lines of a collector's recorded hosts, spread over its first one: what it publishes in its last run. */
function examplesOf(file: string): string[] {
  const folder = join(root, "test/collectors", file.replace(/^.*\//, "").replace(/\.ts$/, ""));
  if (!existsSync(folder)) return [];
  const [first] = readdirSync(folder).sort();
  const golden = join(folder, first ?? "", "metrics.txt");
  if (!existsSync(golden)) return [];
  const lines =
    readFileSync(golden, "utf8").split(/^# .*\n/m).filter((round) => round.trim() !== "")
      .at(-1)?.trim().split("\n") ?? [];
  const step = Math.max(1, Math.floor(lines.length / EXAMPLES));
  return lines.filter((_, at) => at % step === 0).slice(0, EXAMPLES).map((line) =>
    line.startsWith("servers.") || line.startsWith("systems.") ? line : `servers.HOST.${line}`
  );
}

/** The types of src/api.ts and of all that they stand on, as one module that users' files import. */
function declarations(): string {
  const folder = mkdtempSync(join(tmpdir(), "types-"));
  try {
    // What it finds wrong elsewhere is the type check's to tell: it emits all the same.
    spawnSync(process.execPath, [
      join(root, "node_modules/typescript/bin/tsc"),
      ...["-p", root, "--noEmit", "false", "--declaration", "--emitDeclarationOnly"],
      ...["--rewriteRelativeImportExtensions", "--rootDir", root, "--outDir", folder],
    ]);
    const api = join(folder, "src/api.d.ts");
    const files: string[] = [];
    const visit = (file: string) => {
      for (const [, target] of readFileSync(file, "utf8").matchAll(/from "(\.[^"]+)\.ts"/g)) {
        const other = join(dirname(file), `${target}.d.ts`);
        if (files.includes(other)) continue;
        files.push(other);
        visit(other);
      }
    };
    visit(api);
    const texts = files.sort().map((file) =>
      // What a file passes on stands in the file that it comes from.
      readFileSync(file, "utf8").replace(/^(import|export (\*|(type )?\{[^}]*\}) from) .*\n/gm, "")
        .replace(/^export \{\};$/gm, "").replace(/^export (declare )?/gm, "")
        .replace(/^declare /gm, "").replace(/import\("\.[^"]+"\)\./g, "").trimEnd()
    );
    const names = [...readFileSync(api, "utf8").matchAll(/^export (type )?\{([^}]*)\}/gm)].map(
      ([, type = "", list]) => `export ${type}{${list}};`,
    );
    const body = [...texts, ...names].join("\n\n").replace(/^(?=.)/gm, "  ");
    return `/**
 * What \`import … from "diamond-agent"\` gives to your own collectors and handlers.
 * Written by \`diamond-agent types\`, which writes it again after an update.
 */
declare module "diamond-agent" {
${body}
}
`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// deno-lint-ignore no-explicit-any
async function load(room: string): Promise<{ file: string; plugin: any }[]> {
  const directory = join(root, "src", room);
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts") && file !== "registry.ts"
  );
  const loaded = await Promise.all(files.map(async (file) => {
    const module = await import(pathToFileURL(join(directory, file)).href);
    return { file, plugin: module.default };
  }));
  return loaded.sort((a, b) => (a.plugin.name < b.plugin.name ? -1 : 1));
}

/** The page with the table of what differs on purpose. */
function withDifferences(page: string): string {
  const rows = differences.map(({ matter, diamond, here }) =>
    `| ${matter} | ${diamond} | ${here} |`
  );
  const table = ["| matter | python-diamond | diamond-agent |", "| --- | --- | --- |", ...rows];
  const [before, rest] = page.split(/(?<=<!-- differences: .* -->\n)/);
  const after = rest.slice(rest.indexOf("<!-- end of differences -->"));
  return `${before}\n${table.join("\n")}\n\n${after}`;
}

/** For whoever asks which collector a path is of; of two that share one, the first. */
function pathTable(): string {
  const named = collectors.filter(({ plugin: { path } }, at) =>
    path !== "." && collectors.findIndex(({ plugin }) => plugin.path === path) === at
  );
  const lines = named.map(({ plugin }) => `  ${JSON.stringify(plugin.path)}: "${plugin.name}",`);
  return `
/** The collectors by the component that they have in paths. */
export const collectorPaths: Readonly<Record<string, string>> = {
${lines.join("\n")}
};
`;
}

function registry(
  room: string,
  type: string,
  module: string,
  entries: readonly { file: string; plugin: { name: string } }[],
): string {
  const lines = entries.map(({ file, plugin }) => `  ${plugin.name}: () => import("./${file}"),`);
  return `/** Generated by \`npm run gen\`: every file of this room by the name of what it defines. */

import type { ${type} } from "../core/${module}.ts";

export const ${room}: Readonly<Record<string, () => Promise<{ default: ${type} }>>> = {
${lines.join("\n")}
};
`;
}
