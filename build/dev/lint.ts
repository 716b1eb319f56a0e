/** The rule of the rooms: who may import whom, and no circles. The table of src/ARCHITECTURE.md, as a check. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { circlesOf } from "./circles.ts";
import { type Room, ROOMS } from "./rooms.ts";

const root = join(import.meta.dirname!, "../../src");

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s*"([^"]+)"/g;
/** Circles are counted over imports that run, not over types and not over what is loaded on first use. */
const TYPE_IMPORT = /^\s*(?:import|export)\s+type\b/;

const problems: string[] = [];
const graph = new Map<string, string[]>();
const sources = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts"))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)));

for (const path of sources) {
  const name = path.split("/").at(-1)!;
  if (!/^[a-z0-9_]+\.ts$/.test(name)) problems.push(`src/${path}: file names are snake_case.ts`);
  const room = roomOf(path);
  if (room === undefined) {
    problems.push(`src/${path}: no room of build/dev/rooms.ts contains it`);
    continue;
  }
  const targets: string[] = [];
  for (const match of readFileSync(join(root, path), "utf8").matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? match[3];
    const reason = refusal(path, room, target);
    if (reason !== undefined) problems.push(`src/${path}: ${reason}`);
    const isLazy = match[2] !== undefined;
    if (target.startsWith(".") && !isLazy && !TYPE_IMPORT.test(match[0])) {
      targets.push(join(dirname(path), target));
    }
  }
  graph.set(path, targets);
}
for (const circle of circlesOf(graph)) problems.push(`circle: ${circle.join(" → ")}`);

/** The innermost room that contains a file. */
function roomOf(path: string): string | undefined {
  const parts = path.split("/");
  for (let length = parts.length; length > 0; length--) {
    const room = parts.slice(0, length).join("/");
    if (Object.hasOwn(ROOMS, room)) return room;
  }
  return undefined;
}

function refusal(path: string, room: string, target: string): string | undefined {
  const { imports, loners, registry }: Room = ROOMS[room];
  if (!target.startsWith(".")) {
    const known = imports.some((name) =>
      target === name || (name.endsWith(":") && target.startsWith(name))
    );
    return known ? undefined : `${room} may not import "${target}"`;
  }
  const other = roomOf(join(dirname(path), target)) ?? "nowhere";
  if (registry !== undefined && path.endsWith("/registry.ts") && other.startsWith(registry)) {
    return undefined;
  }
  if (other === room) {
    return loners === true
      ? `"${target}" is a sibling: what two of them need belongs in formats or protocols`
      : undefined;
  }
  const known = imports.some((name) =>
    name === other || (name.endsWith("/") && other.startsWith(name))
  );
  return known ? undefined : `${room} may not import from ${other} ("${target}")`;
}

for (const problem of problems) console.error(problem);
console.log(`${sources.length} files, ${problems.length} imports against the rule of the rooms`);
process.exit(problems.length > 0 ? 1 : 0);
