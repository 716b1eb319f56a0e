/** Runs a program and reads its output: the common part of all collectors that do so. */

import { badData } from "../core/errors.ts";
import { bool, text, type Values } from "../core/option.ts";
import type { Host } from "../ports/host.ts";

/** `bin`, `use_sudo` and `sudo_cmd`, by Diamond's names. */
export function commandOptions(bin: string) {
  return {
    bin: text(bin, "The program; without a / it is looked for in PATH and /sbin"),
    use_sudo: bool(false, "Run it with sudo"),
    sudo_cmd: text("/usr/bin/sudo", "The program sudo"),
  };
}
type CommandValues = Values<ReturnType<typeof commandOptions>>;

/** `[1795836568] unbound-control[4711:0] `: the same error has to read the same in each run. */
const STAMP = /^(\[\d+\] [\w-]+\[[\d:]+\]|[A-Z][a-z]{2} +\d+ [\d:]{8}) /;

interface RunSettings {
  /** Whether an exit status is a good one, with this output. Absent: only 0. */
  readonly isGood?: (status: number, output: string) => boolean;
  /** The user that sudo runs it as; absent: root. */
  readonly sudoUser?: string;
}

/** Its output. Throws `no-data` where it cannot be started, `bad-data` where its exit status is not good. */
export async function run(
  host: Host,
  { bin, use_sudo, sudo_cmd }: CommandValues,
  args: readonly string[],
  signal: AbortSignal,
  { isGood = (status) => status === 0, sudoUser }: RunSettings = {},
): Promise<string> {
  const program = bin.includes("/") ? bin : host.exec.find(bin) ?? bin;
  // Without -n, sudo would wait for a password that cannot be typed.
  const sudo = [sudo_cmd, "-n", ...(sudoUser === undefined ? [] : ["-u", sudoUser])];
  const argv = [...(use_sudo ? sudo : []), program, ...args];
  const { stdout, stderr, code, cut } = await host.exec.run(argv, { signal });
  if (cut) throw badData(`${argv.join(" ")} writes without end`);
  if (code !== null && isGood(code, stdout)) return stdout;
  const said = (stderr.trim() || stdout.trim()).split("\n")[0].replace(STAMP, "");
  throw badData(
    `${argv.join(" ")} ended with ${code ?? "a signal"}${said === "" ? "" : `: ${said}`}`,
  );
}

/** Lines of words, without empty ones. */
export function rowsOf(output: string): string[][] {
  return output.split("\n").map((line) => line.trim()).filter((line) => line !== "").map((line) =>
    line.split(/\s+/)
  );
}
