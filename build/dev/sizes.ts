/** Files and functions that are too long to be read at once. It counts by the indentation that the formatter makes. */

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 80;

interface Measured {
  readonly name: string;
  readonly lines: number;
}

const STARTS = [
  /^(?:export )?(?:default )?(?:async )?function\*? ?(\w*)/,
  /^(?:export )?(?:const|let) (\w+) = (?:async )?(?:<[^>]*>)?\([^)]*\)?.*(?:=> \{|[({])$/,
  /^(?:(?:private|static|override|async|get|set) )*\*?(#?\w+)\(.*[{(]$/,
];
/** What looks like a method and is a statement. */
const STATEMENTS = new Set(["if", "for", "while", "switch", "catch", "return", "await"]);

/** What is too long in a source. */
export function tooLong(path: string, text: string): string[] {
  const lines = text.split("\n").length - 1;
  const problems = lines > MAX_FILE_LINES
    ? [`${path}: ${lines} lines; a file has at most ${MAX_FILE_LINES}`]
    : [];
  for (const { name, lines } of functionsOf(text)) {
    if (lines <= MAX_FUNCTION_LINES) continue;
    problems.push(
      `${path}: ${name} has ${lines} lines; a function has at most ${MAX_FUNCTION_LINES}`,
    );
  }
  return problems;
}

/** The functions of a formatted source that have a body of several lines. */
function functionsOf(text: string): Measured[] {
  const lines = text.split("\n");
  const found: Measured[] = [];
  for (const [start, line] of lines.entries()) {
    const indent = line.length - line.trimStart().length;
    const name = nameOf(line.slice(indent));
    if (name === undefined) continue;
    const end = endOf(lines, start, indent);
    if (end !== undefined) found.push({ name, lines: end - start + 1 });
  }
  return found;
}

function nameOf(line: string): string | undefined {
  for (const start of STARTS) {
    const name = start.exec(line)?.[1];
    if (name !== undefined) return STATEMENTS.has(name) ? undefined : name;
  }
  return undefined;
}

/** The line of the closing brace; undefined where it is a call or a declaration without a body. */
function endOf(lines: readonly string[], start: number, indent: number): number | undefined {
  const margin = " ".repeat(indent);
  let hasBody = lines[start].endsWith("{");
  for (let at = start + 1; at < lines.length; at++) {
    if (!lines[at].startsWith(margin) || lines[at][indent] === " ") continue;
    const rest = lines[at].slice(indent);
    if (rest.startsWith(")") && rest.endsWith("{")) hasBody = true;
    else if (rest.startsWith("}")) return hasBody ? at : undefined;
    else if (rest !== "") return undefined;
  }
  return undefined;
}
