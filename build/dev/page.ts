/**
 * Bundles the browser page: page/ with its script and its style in one HTML text, and the policy that
 * lets a browser run nothing else.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const STYLES = ["tokens", "base", "topbar", "panels", "cards", "metrics", "narrow"];

export interface BuiltPage {
  readonly html: string;
  /** Of the header `Content-Security-Policy`: the script and the style by their hashes. */
  readonly policy: string;
}

export function buildPage(root: string): BuiltPage {
  const folder = join(root, "page");
  // The executable has each text in Latin-1, or with twice the bytes where one character is beyond it.
  const script = bundled(join(folder, "main.ts")).replace(/<\/(?=script)/gi, "<\\/")
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${hex(unit).padStart(4, "0")}`);
  const style = styleOf([
    join(root, "node_modules/uplot/dist/uPlot.min.css"),
    ...STYLES.map((name) => join(folder, "style", `${name}.css`)),
  ]).replace(/[^\0-\x7f]/gu, (character) => `\\${hex(character)} `);
  const html = readFileSync(join(folder, "index.html"), "utf8")
    .replace(/\n\s+/g, "\n")
    .replace(/<style>[^<]*<\/style>/, () => `<style>${style}</style>`)
    .replace(/<script>[^<]*<\/script>/, () => `<script>${script}</script>`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  return { html, policy };
}

function bundled(entry: string): string {
  const args = ["build", entry, "--target=browser", "--minify"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot bundle ${entry}: ${stderr}`);
  return stdout.trim();
}

/** Without comments and blanks; colours, names and rules as they were written. */
function styleOf(files: readonly string[]): string {
  const texts = files.map((file) => readFileSync(file, "utf8"));
  return texts.join("\n").replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ")
    .replace(/\s*([{};,])\s*/g, "$1").replace(/: /g, ":").replace(/;}/g, "}").trim();
}

function hex(character: string): string {
  return character.codePointAt(0)!.toString(16);
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
