/** The rule of the rooms: who may import whom. The table of src/ARCHITECTURE.md, as a check. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";

const root = join(import.meta.dirname!, "../src");

/** By room: the rooms and packages that its files may import, beside files of their own room. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  formats: ["core"],
  protocols: ["core", "formats"],
  collectors: ["core", "formats", "protocols"],
  handlers: ["core", "formats", "protocols"],
  config: ["core", "formats", "ini"],
  delivery: ["core"],
  agent: ["core", "delivery"],
  platform: [
    "core",
    "formats",
    "node:",
    "consola/core",
    "mysql2/promise",
    "@bufbuild/protobuf/wire",
    "snappyjs",
    "api.ts",
  ],
  cli: ["core", "formats", "config", "agent", "citty"],
  "api.ts": ["core"],
  "compose.ts": ["agent", "cli", "collectors", "handlers", "platform", "node:process"],
  "main.ts": ["compose.ts", "core", "platform", "node:process"],
};
/** Rooms whose files never import each other; the registry names them all. */
const LONERS = ["collectors", "handlers"];

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s*"([^"]+)"/g;

const problems: string[] = [];
let files = 0;
for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts") || entry.name.endsWith(".d.ts")) continue;
  const file = join(entry.parentPath, entry.name);
  const path = relative(root, file);
  const room = path.split("/")[0];
  const allowed = ALLOWED[room];
  files++;
  if (!/^[a-z0-9_]+\.ts$/.test(entry.name)) problems.push(`${path}: file names are snake_case.ts`);
  if (allowed === undefined) {
    problems.push(`${path}: there is no such room`);
    continue;
  }
  for (const match of readFileSync(file, "utf8").matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? match[3];
    const reason = refusal(file, room, allowed, target);
    if (reason !== undefined) problems.push(`src/${path}: ${reason}`);
  }
}

function refusal(
  file: string,
  room: string,
  allowed: readonly string[],
  target: string,
): string | undefined {
  if (!target.startsWith(".")) {
    const known = allowed.some((name) =>
      target === name || (name.endsWith(":") && target.startsWith(name))
    );
    return known ? undefined : `${room} may not import "${target}"`;
  }
  const other = relative(root, join(dirname(file), target)).split("/")[0];
  if (other === room) {
    const alone = LONERS.includes(room) && !file.endsWith("registry.ts");
    return alone
      ? `"${target}" is a sibling: what two of them need belongs in formats or protocols`
      : undefined;
  }
  return allowed.includes(other) ? undefined : `${room} may not import from ${other} ("${target}")`;
}

for (const problem of problems) console.error(problem);
console.log(`${files} files, ${problems.length} imports against the rule of the rooms`);
process.exit(problems.length > 0 ? 1 : 0);
