/**
 * Resolves the host's name for metric paths, by one of Diamond's eleven methods. A name is looked up once for all
 * collectors and cached until a reload.
 */

import type { CommonValues, HostnameMethod } from "../core/collector.ts";
import { configError } from "../core/errors.ts";
import type { Host } from "../ports/host.ts";

const SHELL_SECONDS = 10;
/** What the kernel calls a host that has no name yet. */
const UNNAMED = "(none)";

export interface HostnameResolver {
  /** Null where the method is `none`. Throws `config` where the name cannot be found. */
  resolve(
    options: Pick<CommonValues, "hostname" | "hostname_method">,
    written: boolean,
  ): Promise<string | null>;
  /** Drops cached failures, so that the next call looks those names up again. */
  forgetFailures(): void;
}

export function createHostnameResolver(host: Host): HostnameResolver {
  const known = new Map<string, Promise<string | null>>();
  const failed = new Set<string>();
  return {
    resolve({ hostname, hostname_method: method }, written) {
      // A plugin's own default counts as well.
      if ((written || hostname !== "") && method !== "shell") return Promise.resolve(hostname);
      const key = method === "shell" ? `shell ${hostname}` : method;
      let name = known.get(key);
      if (name === undefined) {
        name = hostnameBy(method, host, hostname);
        known.set(key, name);
        name.catch(() => failed.add(key));
      }
      return name;
    },
    forgetFailures() {
      for (const key of failed) known.delete(key);
      failed.clear();
    },
  };
}

/** What one method gives on this host. */
export async function hostnameBy(
  method: HostnameMethod,
  host: Host,
  command: string,
): Promise<string | null> {
  const { names } = host;
  switch (method) {
    case "none":
      return null;
    case "shell":
      return await byShell(host, command);
    case "smart": {
      const short = firstLabel(await names.fqdn());
      return present(
        method,
        short === "localhost" || short === "" ? firstLabel(names.hostname()) : short,
      );
    }
    case "fqdn_short":
      return present(method, firstLabel(await names.fqdn()));
    case "fqdn":
      return present(method, (await names.fqdn()).replaceAll(".", "_"));
    case "fqdn_rev":
      return present(method, reversed(await names.fqdn()));
    case "hostname":
      return present(method, names.hostname());
    case "uname_short":
    case "hostname_short":
      return present(method, firstLabel(names.hostname()));
    case "uname_rev":
    case "hostname_rev":
      return present(method, reversed(names.hostname()));
  }
}

async function byShell(host: Host, command: string): Promise<string> {
  if (command === "") {
    throw configError("hostname_method = shell needs the command in the option hostname");
  }
  const limit = new AbortController();
  const cancel = host.clock.after(SHELL_SECONDS * 1000, () => limit.abort());
  try {
    const { stdout, stderr, code } = await host.exec.run(["/bin/sh", "-c", command], {
      signal: limit.signal,
    });
    if (code !== 0) {
      throw configError(
        `the command "${command}" for the host's name ended with ${code}: ${stderr.trim()}`,
      );
    }
    return present("shell", stdout.trim());
  } finally {
    cancel();
  }
}

function present(method: string, name: string): string {
  if (name === "" || name === UNNAMED) {
    throw configError(`this host has no name by hostname_method = ${method}: set hostname`);
  }
  return name;
}

function firstLabel(name: string): string {
  return name.split(".")[0];
}

function reversed(name: string): string {
  return name.split(".").reverse().join(".");
}
