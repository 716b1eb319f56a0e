/** Exports that no file imports. */

export interface Source {
  readonly path: string;
  readonly text: string;
}

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm;
const NAMED = /(?:^|\n)\s*(?:import|export)\s+(?:type\s+)?(?:\w+,\s*)?\{([^}]*)\}/g;
const WHOLE = /import\s+\*\s+as|\bimport\(/;

/** "path: name" for each export that no file takes by name, but for those that are a way in. */
export function unusedExports(
  sources: readonly Source[],
  isWayIn: (path: string, name: string) => boolean,
): string[] {
  const taken = new Set<string>();
  for (const { text } of sources) {
    for (const [, names] of text.matchAll(NAMED)) {
      for (const name of names.split(",")) taken.add(wordOf(name));
    }
    if (WHOLE.test(text)) { for (const word of text.match(/\w+/g) ?? []) taken.add(word); }
  }
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(EXPORT)].map(([, name]) => name)
      .filter((name) => !taken.has(name) && !isWayIn(path, name))
      .map((name) => `${path}: ${name}`)
  );
}

/** The name that is taken from the other file: `a` of `type a as b`. */
function wordOf(clause: string): string {
  return clause.trim().replace(/^type\s+/, "").split(/\s+as\s+/)[0];
}
