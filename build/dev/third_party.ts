/**
 * The licences of all packages that the executable can contain, from node_modules. Each text stands once, below the
 * names of those that share it.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly folder: string;
}

/** In the page, which is bundled before. */
const OF_PAGE = ["uplot"];
/** Only types, which no executable has. */
const TYPES = /^(?:@types\/.*|undici-types|strict-event-emitter-types)$/;
const LICENSE_FILE = /^(?:un)?licen[cs]e|^copying/i;
const RULE = "=".repeat(80);

/** Packages without a file of their licence: where its text is otherwise. */
const ELSEWHERE: Readonly<Record<string, (modules: string) => string>> = {
  "@bufbuild/protobuf": (modules) =>
    [
      licenceIn(join(modules, "@nats-io/jetstream")),
      leadingComment(join(modules, "@bufbuild/protobuf/dist/esm/wire/varint.js")),
    ].join("\n\n"),
  postgres: (modules) => licenceIn(join(modules, "tweetnacl"))!,
};

export function thirdParty(root: string): string {
  const modules = join(root, "node_modules");
  const { devDependencies: { bun } } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const byText = Map.groupBy(packagesIn(root), (one) => textOf(one, modules));
  const parts = [...byText].map(([text, packages]) => {
    const names = packages.map(({ name, version, license }) => `${name} ${version} (${license})`);
    return `${RULE}\n${names.join("\n")}\n\n${text}\n`;
  });
  return `diamond-agent has these packages in it, each below its licence. It runs on Bun ${bun} (MIT), which names what
it links, JavaScriptCore (LGPL 2.1) among it: https://github.com/oven-sh/bun/blob/bun-v${bun}/LICENSE.md

${parts.join("\n")}`;
}

function packagesIn(root: string): Package[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries<{ version: string; license?: string; dev?: boolean }>(lock.packages)
    .map(([path, { version, license = "", dev }]) => ({
      ...{ name: path.replace(/^.*node_modules\//, ""), version, dev },
      license: license.replace(/^\((.*)\)$/, "$1"),
      folder: join(root, path),
    }))
    .filter(({ name, dev }) =>
      name !== "" && !TYPES.test(name) && (!dev || OF_PAGE.includes(name))
    );
}

function textOf({ name, folder }: Package, modules: string): string {
  const text = licenceIn(folder) ?? ELSEWHERE[name]?.(modules) ?? licenceInReadme(folder);
  if (text === undefined) {
    throw new Error(
      `${name} has no text of its licence: say in build/dev/third_party.ts where it is`,
    );
  }
  return text.replaceAll("\r", "").replace(/[ \t]+$/gm, "").replace(/^\n+|\n+$/g, "");
}

function licenceIn(folder: string): string | undefined {
  const file = readdirSync(folder).find((name) => LICENSE_FILE.test(name));
  return file && readFileSync(join(folder, file), "utf8");
}

/** The section `License` at its end. */
function licenceInReadme(folder: string): string | undefined {
  const file = join(folder, "README.md");
  const [, text] = /^#+ License\s*\n(Copyright[^]*)$/m.exec(
    existsSync(file) ? readFileSync(file, "utf8") : "",
  ) ?? [];
  return text;
}

function leadingComment(file: string): string {
  const [comment] = /^(?:\/\/.*\n)+/.exec(readFileSync(file, "utf8"))!;
  return comment.replace(/^\/\/ ?/gm, "");
}
