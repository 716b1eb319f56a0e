/** A MySQL to ask, as Diamond's collectors write it. */

import { badData } from "../core/errors.ts";

export interface MysqlServer {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

const SERVER =
  /^(?<user>[^:]*):(?<password>.*)@(?<host>[^:/@]+)(?::(?<port>\d+))?\/(?<db>[^/]*)(?:\/(?<alias>.*))?$/s;

/** Parses `user:password@host[:port]/database[/alias]`; the database None is none. */
export function mysqlServerOf(item: string): MysqlServer {
  const found = SERVER.exec(item.trim())?.groups;
  if (found === undefined) {
    const masked = item.replace(/:.*@/s, ":…@");
    throw badData(
      `"${masked}" is not a server: write user:password@host[:port]/database[/alias]`,
    );
  }
  return {
    alias: found.alias ?? "",
    host: found.host,
    port: Number(found.port ?? 3306),
    user: found.user,
    password: found.password,
    database: found.db === "None" ? "" : found.db,
  };
}
