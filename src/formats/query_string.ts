/** Parameters of a URL or of a posted form, by https://url.spec.whatwg.org/#urlencoded-parsing */

/** More are left out. */
const MAX_PARAMETERS = 1000;

export interface Parameters {
  /** Undefined where there is none; else the first. */
  text(name: string): string | undefined;
  all(name: string): readonly string[];
}

/** The texts together: a request may have a query and a form. */
export function parseParameters(...texts: readonly string[]): Parameters {
  const values = new Map<string, string[]>();
  const parts = texts.filter((text) => text !== "").flatMap((text) => text.split("&"));
  for (const part of parts.slice(0, MAX_PARAMETERS)) {
    const equals = part.indexOf("=");
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? "" : decoded(part.slice(equals + 1));
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return {
    text: (name) => values.get(name)?.[0],
    all: (name) => values.get(name) ?? [],
  };
}

/** What is not encoded properly stands for itself. */
function decoded(text: string): string {
  const blanks = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(blanks);
  } catch {
    return blanks;
  }
}
