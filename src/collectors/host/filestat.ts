/** Source: https://www.kernel.org/doc/html/latest/admin-guide/sysctl/fs.html and lsof(8). */

import { defineCollector, gauge } from "../../core/collector.ts";
import { badData, noData } from "../../core/errors.ts";
import type { Exec } from "../../ports/exec.ts";
import { bool, integer, text, words } from "../../core/option.ts";

export default defineCollector({
  name: "FilestatCollector",
  doc: "Open files of the host; by user and type with collect_user_data",
  path: "files",
  sources: ["/proc/sys/fs/file-nr", "lsof", "id"],
  options: {
    collect_user_data: bool(false, "Count the open files of users, with lsof"),
    user_include: words([], "Users to publish; empty: all"),
    user_exclude: words([], "Users to leave out"),
    group_include: words([], "Groups whose users to publish too, beside user_include"),
    group_exclude: words([], "Groups whose users to leave out"),
    uid_min: integer(0, "Users with a smaller number are left out"),
    uid_max: integer(65_536, "Users with a larger number are left out"),
    type_include: words([], "Types of files to publish; empty: all"),
    type_exclude: words([], "Types of files to leave out"),
    use_sudo: bool(false, "Run lsof with sudo"),
    sudo_cmd: text("/usr/bin/sudo", "The program sudo"),
  },
  metrics: {
    assigned: gauge("File handles that are allocated"),
    unused: gauge("File handles that are allocated and not used"),
    max: gauge("File handles that there may be"),
    "user.{user}.{type}": gauge("Open files of a user, by type"),
  },

  collect(context) {
    const { host, options, emit, skipLine } = context;
    const line = host.fs.read("/proc/sys/fs/file-nr");
    // On 64-bit kernels "no limit" is 2^63-1.
    const [assigned, unused, max] = [line.tryCounter(), line.tryCounter(), line.tryCounter()];
    if (assigned !== undefined) emit("assigned", assigned);
    if (unused !== undefined) emit("unused", unused);
    if (max !== undefined) emit("max", max);
    if (assigned === undefined && unused === undefined && max === undefined) {
      throw badData(`cannot read "${line.line()}" in ${line.source} as three numbers`);
    }
    if (assigned === undefined || unused === undefined || max === undefined) skipLine(line);
    if (options.collect_user_data) return collectUsers();

    async function collectUsers(): Promise<void> {
      const { signal } = context;
      const lsof = host.exec.find("lsof");
      if (lsof === undefined) throw noData("there is no program lsof on this host");
      const argv = [...(options.use_sudo ? [options.sudo_cmd] : []), lsof, "-F", "tL"];
      const { stdout } = await host.exec.run(argv, { signal });
      const counts = countFiles(stdout);
      const users = await chooseUsers([...counts.keys()], options, host.exec, signal);
      for (const [user, types] of counts) {
        if (!users.has(user)) continue;
        for (const [type, count] of types) {
          if (options.type_include.length > 0 && !options.type_include.includes(type)) continue;
          if (!options.type_exclude.includes(type)) emit("user.{user}.{type}", count, user, type);
        }
      }
    }
  },
});

/** Files by user and type, from lines with one field each: `p4711`, `Lroot`, `tREG`. */
function countFiles(output: string): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  let user = "";
  for (const line of output.split("\n")) {
    const value = line.slice(1);
    if (line[0] === "p") {
      user = "";
    } else if (line[0] === "L") {
      user = value;
    } else if (line[0] === "t" && user !== "" && value !== "") {
      const types = counts.get(user) ?? new Map<string, number>();
      types.set(value, (types.get(value) ?? 0) + 1);
      counts.set(user, types);
    }
  }
  return counts;
}

interface PluginRules {
  readonly user_include: readonly string[];
  readonly user_exclude: readonly string[];
  readonly group_include: readonly string[];
  readonly group_exclude: readonly string[];
  readonly uid_min: number;
  readonly uid_max: number;
}

/** Diamond's order: groups in, groups out, numbers, users in, users out. Groups add to the users, which are all where none is named. */
async function chooseUsers(
  all: readonly string[],
  rules: PluginRules,
  exec: Exec,
  signal: AbortSignal,
): Promise<Set<string>> {
  const chosen = new Set(rules.user_include.length === 0 ? all : []);
  const byGroup = new Set<string>();
  for (const user of all) {
    const groups = rules.group_include.length + rules.group_exclude.length > 0
      ? await ask(["-Gn", user])
      : [];
    if (!chosen.has(user) && rules.group_include.some((group) => groups.includes(group))) {
      byGroup.add(user);
      chosen.add(user);
    }
    if (rules.group_exclude.some((group) => groups.includes(group))) chosen.delete(user);
  }
  for (const user of [...chosen]) {
    if (byGroup.has(user) || rules.user_include.includes(user)) continue;
    const uid = Number((await ask(["-u", user]))[0]);
    // A user that is gone has no number: its files are still open.
    if (uid < rules.uid_min || uid > rules.uid_max) chosen.delete(user);
  }
  for (const user of rules.user_include) if (all.includes(user)) chosen.add(user);
  for (const user of rules.user_exclude) chosen.delete(user);
  return chosen;

  async function ask(args: readonly string[]): Promise<string[]> {
    const { stdout } = await exec.run(["id", ...args], { signal });
    return stdout.trim().split(/\s+/);
  }
}
