/**
 * The rules of the house: who may import whom and no circles (the table of src/ARCHITECTURE.md), no unused
 * export, no file or function that is too long, public methods first, no comment that is hard to read.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { circlesOf } from "./circles.ts";
import { outOfOrder } from "./order.ts";
import { hardToRead } from "./prose.ts";
import { type Room, ROOMS } from "./rooms.ts";
import { tooLong } from "./sizes.ts";
import { unusedExports } from "./unused.ts";

const house = join(import.meta.dirname!, "../..");

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^"';]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s*"([^"]+)"/g;

const problems: string[] = [];
const graph = new Map<string, string[]>();
/** Those of src/ by their path in it, those of page/ with theirs in the repository. */
const sources = ["src", "page"].flatMap(sourcesIn).map((path) => path.replace(/^src\//, ""));

for (const path of sources) {
  const file = fileOf(path);
  const name = path.split("/").at(-1)!;
  if (!/^[a-z0-9_]+\.ts$/.test(name)) problems.push(`${file}: file names are snake_case.ts`);
  const room = roomOf(path);
  if (room === undefined) {
    problems.push(`${file}: no room of build/dev/rooms.ts contains it`);
    continue;
  }
  const targets: string[] = [];
  for (const match of readFileSync(join(house, file), "utf8").matchAll(IMPORT)) {
    const target = match[1] ?? match[2] ?? match[3];
    const reason = refusal(path, room, target);
    if (reason !== undefined) problems.push(`${file}: ${reason}`);
    const isLazy = match[2] !== undefined;
    // What is loaded on first use closes no circle.
    if (target.startsWith(".") && !isLazy) targets.push(reached(path, target));
  }
  graph.set(path, targets);
}
for (const circle of circlesOf(graph)) problems.push(`circle: ${circle.join(" → ")}`);

const texts = ["src", "page", "test", "build/bench", "build/dev", "build/release"].flatMap(
  sourcesIn,
)
  .map((path) => ({ path, text: readFileSync(join(house, path), "utf8") }));
for (const name of unusedExports(texts, isWayIn)) problems.push(`${name} is exported for nobody`);
for (const { path, text } of texts) {
  if (/^(src|page)\//.test(path)) {
    problems.push(...tooLong(path, text), ...outOfOrder(path, text));
  }
  if (!path.startsWith("test/") && !path.endsWith("dev/prose.ts")) {
    problems.push(...hardToRead(path, text));
  }
}

/** The TypeScript files below a folder of the repository, by their paths in it. */
function sourcesIn(folder: string): string[] {
  return readdirSync(join(house, folder), { recursive: true, withFileTypes: true })
    .filter((entry) =>
      entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts")
    )
    .map((entry) => relative(house, join(entry.parentPath, entry.name)));
}

/** What something outside reads, and the contracts, whose parts have names to be spoken of. */
function isWayIn(path: string, name: string): boolean {
  const isType = /^[A-Z][A-Za-z0-9]*$/.test(name) && !/^[A-Z0-9]+$/.test(name);
  return !/^(src|page)\//.test(path) || path === "src/api.ts" ||
    (isType && /^src\/(core|ports)\//.test(path));
}

function fileOf(path: string): string {
  return path.startsWith("page/") ? path : `src/${path}`;
}

/** What an import leads to, in the way that sources are named here. */
function reached(path: string, target: string): string {
  return join(dirname(path), target).replace(/^src\//, "");
}

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
  const other = roomOf(reached(path, target)) ?? "nowhere";
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
console.log(`${sources.length} files, ${problems.length} faults against the rules of the house`);
process.exit(problems.length > 0 ? 1 : 0);
