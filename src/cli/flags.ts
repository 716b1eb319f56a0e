/**
 * Flags, strictly and as Diamond's users type them: `-lf`, `-cFILE`, `--opt=VALUE`, unique prefixes.
 * The result is in the plain form that citty reads; what makes no sense is a usage error here, since
 * citty lets it pass.
 */

import type { ArgsDef } from "citty";
import { didYouMean } from "../config/problems.ts";

/** A command line that cannot be meant: exit status 2. */
export class UsageError extends Error {}

interface Flag {
  readonly name: string;
  readonly takesValue: boolean;
  /** Its value may be missing, and is empty then. */
  readonly isOptional: boolean;
}

export function normaliseFlags(args: readonly string[], defs: ArgsDef): string[] {
  const long = new Map<string, Flag>();
  const short = new Map<string, Flag>();
  let positionals = 0;
  for (const [name, def] of Object.entries(defs)) {
    if (def.type === "positional") {
      positionals++;
      continue;
    }
    const hint = "valueHint" in def ? def.valueHint : undefined;
    const isOptional = hint?.startsWith("[") === true;
    const flag = { name, takesValue: def.type !== "boolean", isOptional };
    long.set(name, flag);
    const aliases = "alias" in def && def.alias !== undefined ? def.alias : [];
    for (const alias of Array.isArray(aliases) ? aliases : [aliases]) {
      (alias.length === 1 ? short : long).set(alias, flag);
    }
  }

  const result: string[] = [];
  const words: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    const value = (flag: Flag, shown: string): string => {
      const next = args[index + 1];
      if (flag.isOptional && (next === undefined || next.startsWith("-"))) return `--${flag.name}=`;
      if (++index >= args.length) throw new UsageError(`${shown} needs a value`);
      return `--${flag.name}=${args[index]}`;
    };
    if (arg === "--") {
      words.push(...args.slice(index + 1));
      break;
    } else if (arg.startsWith("--")) {
      const [given, ...rest] = arg.slice(2).split("=");
      const flag = longFlag(given, long);
      if (!flag.takesValue && rest.length > 0) {
        throw new UsageError(`--${flag.name} takes no value`);
      }
      if (!flag.takesValue) result.push(`--${flag.name}`);
      else {result.push(
          rest.length > 0 ? `--${flag.name}=${rest.join("=")}` : value(flag, `--${flag.name}`),
        );}
    } else if (arg.startsWith("-") && arg.length > 1) {
      for (let at = 1; at < arg.length; at++) {
        const flag = short.get(arg[at]);
        if (flag === undefined) {
          throw new UsageError(`unknown flag -${arg[at]}${arg.length > 2 ? ` in ${arg}` : ""}`);
        }
        if (!flag.takesValue) {
          result.push(`--${flag.name}`);
          continue;
        }
        result.push(
          at + 1 < arg.length ? `--${flag.name}=${arg.slice(at + 1)}` : value(flag, `-${arg[at]}`),
        );
        break;
      }
    } else {
      words.push(arg);
    }
  }
  if (words.length > 0 && positionals === 0) throw new UsageError(`unexpected "${words[0]}"`);
  return [...result, ...(words.some((word) => word.startsWith("-")) ? ["--"] : []), ...words];
}

function longFlag(given: string, flags: ReadonlyMap<string, Flag>): Flag {
  const exact = flags.get(given);
  if (exact !== undefined) return exact;
  const candidates = [...flags].filter(([name]) => name.startsWith(given));
  const names = new Set(candidates.map(([, flag]) => flag.name));
  if (given !== "" && names.size === 1) return candidates[0][1];
  if (given !== "" && names.size > 1) {
    throw new UsageError(`--${given} may be ${[...names].map((name) => `--${name}`).join(" or ")}`);
  }
  throw new UsageError(`unknown flag --${given}${didYouMean(given, flags.keys())}`);
}
