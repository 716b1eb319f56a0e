/** Users and groups: finding them, and knowing which of them may decide what the agent does. */

import { readFileSync, statSync } from "node:fs";
import { configError } from "../../core/errors.ts";
import type { Identity } from "../../ports/process.ts";
import { processes } from "../runtime/node_modules.ts";
import { selfCommand } from "../runtime/self_command.ts";
import { ownIdentity, type Trusted } from "./trust.ts";

/** Looks both names up. A user without a group gets its own group. Throws `config` for an unknown name. */
export function findIdentity(user: string, group: string): Identity {
  const account = user === "" ? undefined : entry("passwd", user);
  if (user !== "" && account === undefined) {
    throw configError(`there is no user "${user}" on this host`);
  }
  const team = group === "" ? undefined : entry("group", group);
  if (group !== "" && team === undefined) {
    throw configError(`there is no group "${group}" on this host`);
  }
  const gid = team !== undefined
    ? Number(team[2])
    : account !== undefined
    ? Number(account[3])
    : -1;
  return {
    uid: account === undefined ? -1 : Number(account[2]),
    gid,
    user: account?.[0] ?? "",
    group,
  };
}

/** A directory service is asked once for all files of a configuration. */
const FRESH_MS = 10_000;
let known: { readonly name: string; readonly at: number; readonly trusted: Trusted } | undefined;

/**
 * Who may decide what the agent does, besides root: the user that it is or becomes, and whoever owns the program,
 * who decides it anyway. An unknown name adds no one.
 */
export function trustedWith(user: string, group: string): Trusted {
  const name = `${user}:${group}`;
  const now = performance.now();
  if (known?.name === name && now - known.at < FRESH_MS) return known.trusted;
  const own = ownIdentity();
  const program = statSync(selfCommand().at(-1)!, { throwIfNoEntry: false });
  const becomes = user + group === "" ? undefined : tryFind(user, group);
  const ids = (own: readonly number[], ...more: readonly (number | undefined)[]) => [
    ...own,
    ...more.filter((id): id is number => id !== undefined && id >= 0),
  ];
  const trusted = {
    uids: ids(own.uids, becomes?.uid, program?.uid),
    gids: ids(own.gids, becomes?.gid, program?.gid),
  };
  known = { name, at: now, trusted };
  return trusted;
}

function tryFind(user: string, group: string): Identity | undefined {
  try {
    return findIdentity(user, group);
  } catch {
    // Whoever wants to become that user says so.
    return undefined;
  }
}

function entry(database: "passwd" | "group", name: string): string[] | undefined {
  const find = (text: string) =>
    text.split("\n").map((line) => line.split(":")).find((fields) =>
      fields.length >= 3 && (fields[0] === name || fields[2] === name)
    );
  try {
    const found = find(readFileSync(`/etc/${database}`, "utf8"));
    if (found !== undefined) return found;
  } catch {
    // A minimal host has no such file; a directory service may still know the name.
  }
  return find(
    processes().spawnSync("getent", [database, name], { encoding: "utf8", timeout: 5000 }).stdout ??
      "",
  );
}
