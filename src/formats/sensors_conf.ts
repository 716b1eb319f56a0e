/** What an operator says of sensors to libsensors: labels, formulas, sensors to ignore. Source: sensors.conf(5) */

export interface SensorRule {
  readonly label?: string;
  readonly isIgnored?: boolean;
  /** From what the kernel says to the real value; undefined where it is not a number then. */
  readonly compute?: (value: number) => number | undefined;
}

interface ChipRules {
  readonly chips: readonly RegExp[];
  /** By the sensor's name: `in0`. */
  readonly rules: Map<string, SensorRule>;
}

/** What the sections say that a chip's name matches; later ones win. */
export function rulesOf(
  sections: readonly ChipRules[],
  chip: string,
): ReadonlyMap<string, SensorRule> {
  const found = new Map<string, SensorRule>();
  for (const { chips, rules } of sections) {
    if (!chips.some((pattern) => pattern.test(chip))) continue;
    for (const [sensor, rule] of rules) found.set(sensor, { ...found.get(sensor), ...rule });
  }
  return found;
}

/** Words may be in quotes, a backslash ends a line that goes on, `#` begins a comment. */
export function parseSensorsConf(text: string): ChipRules[] {
  const sections: ChipRules[] = [];
  for (const line of text.replace(/\\\n/g, " ").split("\n")) {
    const words = [...line.matchAll(/#.*|"([^"]*)"|[^\s"#]+/g)]
      .filter(([word]) => !word.startsWith("#")).map(([word, quoted]) => quoted ?? word);
    const [statement, sensor, ...rest] = words;
    if (statement === "chip") {
      sections.push({ chips: words.slice(1).map(globOf), rules: new Map() });
    } else if (sensor !== undefined) {
      addRule(sections.at(-1)?.rules, statement, sensor, rest);
    }
  }
  return sections;
}

function addRule(
  rules: Map<string, SensorRule> | undefined,
  statement: string,
  sensor: string,
  rest: readonly string[],
): void {
  const add = (rule: SensorRule) => rules?.set(sensor, { ...rules.get(sensor), ...rule });
  if (statement === "label" && rest.length > 0) add({ label: rest[0] });
  else if (statement === "ignore") add({ isIgnored: true });
  else if (statement === "compute") add({ compute: formula(rest.join(" ").split(",")[0]) });
}

/** `lm75-i2c-*-49` */
function globOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$.+?()[\]{}|]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`);
}

/** `(@ * 2) + 1`, where `@` is the value; `^x` is e^x, and a backquote its logarithm. */
function formula(text: string): (value: number) => number | undefined {
  const tokens = text.match(/\d+\.?\d*|\.\d+|[-+*/()^`@]|\S/g) ?? [];
  return (value) => {
    let at = 0;
    const result = sum();
    return at === tokens.length && Number.isFinite(result) ? result : undefined;

    function sum(): number {
      let left = product();
      while (tokens[at] === "+" || tokens[at] === "-") {
        left += tokens[at++] === "+" ? product() : -product();
      }
      return left;
    }

    function product(): number {
      let left = single();
      while (tokens[at] === "*" || tokens[at] === "/") {
        left = tokens[at++] === "*" ? left * single() : left / single();
      }
      return left;
    }

    function single(): number {
      const token = tokens[at++];
      if (token === "@") return value;
      if (token === "-") return -single();
      if (token === "^") return Math.exp(single());
      if (token === "`") return Math.log(single());
      if (token !== "(") return Number(token ?? NaN);
      const inner = sum();
      return tokens[at++] === ")" ? inner : NaN;
    }
  };
}
