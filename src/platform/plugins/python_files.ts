/** Which files in Python have the collectors that are wanted, and for which Python each was written: by their texts. */

import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { ModuleFile } from "../../core/plugin_protocol.ts";

export interface PythonText {
  readonly file: ModuleFile;
  readonly text: string;
  /** The classes that are called like collectors. */
  readonly names: readonly string[];
  /** What it imports that is called so. */
  readonly imported: readonly string[];
}

/** Diamond takes only such classes as have the word in their name. */
const CLASS = /^[ \t]*class[ \t]+(\w*Collector\w*)/gm;

const IMPORT = /^[ \t]*from[ \t].*\bimport\b(.*)/gm;

export function readTexts(files: readonly ModuleFile[]): PythonText[] {
  return files.map((file) => {
    const text = textOf(file.path);
    const names = [...text.matchAll(CLASS)].map(([, name]) => name);
    const imported = [...text.matchAll(IMPORT)].flatMap(([, all]) =>
      all.match(/\w+Collector\b/g) ?? []
    )
      .filter((name) => name !== "ProcessCollector");
    return { file, text, names, imported };
  });
}

/** The bytes of a file as text; "" where it cannot be read. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/**
 * The files that may define a name: those with such a class; else those that import or assign it; else those
 * that have the word at all. None: it may come from anywhere, as by `from package import *`.
 */
export function filesOf(name: string, texts: readonly PythonText[]): readonly PythonText[] {
  const patterns = [
    new RegExp(`^[ \\t]*class[ \\t]+${name}\\b`, "m"),
    new RegExp(`import[^\\n]*\\b${name}\\b|^\\s*${name}\\s*=`, "m"),
    new RegExp(`\\b${name}\\b`),
  ];
  for (const pattern of patterns) {
    const found = texts.filter(({ text }) => pattern.test(text));
    if (found.length > 0) return found;
  }
  return [];
}

/** What only Python 2 understands, or has. */
const OLD = new RegExp(
  [
    /^\s*print\s+["'\w%>]/,
    /^\s*except\b[^:#\n]*,\s*\w+\s*:/,
    /^\s*raise\s+\w+\s*,/,
    /\.(iteritems|iterkeys|itervalues|has_key)\(/,
    /\b(basestring|unicode|xrange|raw_input|unichr|long)\s*[(,)]/,
    /^(import|from)\s+(urllib2|urlparse|httplib|Queue|StringIO|cStringIO|ConfigParser|cPickle|xmlrpclib|commands|cookielib|HTMLParser|BaseHTTPServer|SocketServer)\b/,
    /\bitertools\.(izip|imap|ifilter)\b|\bfrom itertools import .*\bi(zip|map|filter)\b/,
    /\burllib\.(urlopen|urlencode|quote|unquote)\(/,
  ].map(({ source }) => source).join("|"),
  "m",
);
/** What Python 2 does not understand, or has not. */
const NEW = new RegExp(
  [
    /\bf["']/,
    /^\s*(async\s+def|nonlocal)\b/,
    /\byield\s+from\b/,
    /\bsuper\(\)/,
    /^\s*raise\b.*\bfrom\b/,
    /^\s*def\s.*->/,
    /^(import|from)\s+(urllib\.(request|parse|error)|queue|configparser|http\.client|asyncio|pathlib)\b/,
  ].map(({ source }) => source).join("|"),
  "m",
);

/** The paths of the files that were written for Python 2: themselves, or by what they import. */
export function oldOnes(texts: readonly PythonText[]): ReadonlySet<string> {
  const old = new Set(
    texts.filter(({ text }) => OLD.test(text) && !NEW.test(text)).map(({ file }) => file.path),
  );
  const byName = new Map(texts.map(({ file }) => [moduleOf(file.path), file.path]));
  const imports = new Map(texts.map(({ file, text }) => [
    file.path,
    [...text.matchAll(/^\s*(?:from|import)\s+([\w.]+)/gm)].flatMap(([, name]) =>
      byName.get(name.split(".").at(-1)!) ?? []
    ),
  ]));
  for (let before = -1; before !== old.size;) {
    before = old.size;
    for (const { file: { path }, text } of texts) {
      if (!NEW.test(text) && imports.get(path)!.some((other) => old.has(other))) old.add(path);
    }
  }
  return old;
}

/** A package is called as its folder is. */
function moduleOf(path: string): string {
  const name = basename(path, ".py");
  return name === "__init__" ? basename(dirname(path)) : name;
}
