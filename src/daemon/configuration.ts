/** The configuration in force, and whether the one on disk is another. */

import type { ConfigurationStatus } from "../agent/status.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem, type Problem } from "../config/problems.ts";
import type { ResolveRequest, Settings } from "../config/settings.ts";
import { configErrors, messageOf } from "../core/errors.ts";
import type { ConfigFiles } from "../ports/local_files.ts";

interface ConfigurationPorts {
  readonly path: string;
  readonly files: ConfigFiles;
  now(): number;
  /** `patience`: milliseconds to wait for plugins; what is not loaded by then comes by a reload. */
  resolve(
    how: Pick<ResolveRequest, "atWork"> & { plugins: boolean; patience?: number },
  ): Promise<Settings>;
}

export interface Configuration {
  readonly settings: Settings;
  /** Takes another one over: `apply` gets it, and may throw. Throws `config` why the old one stays. */
  reload<T>(apply: (next: Settings) => Promise<T>): Promise<T>;
  status(): ConfigurationStatus;
  /** Another one when a file of it, or of a plugin, has changed, come or gone; undefined where one cannot be looked at now. */
  version(): string | undefined;
}

interface Refusal {
  readonly fingerprint: string;
  readonly files: readonly string[];
  readonly problems: readonly string[];
}

/** Built-in collectors wait no longer for plugins. */
const PLUGIN_PATIENCE_MS = 500;

/** Reads the first one. What is valid in it runs; throws `config` where that is nothing. */
export async function firstConfiguration(ports: ConfigurationPorts): Promise<Configuration> {
  const { path, files, now, resolve } = ports;
  let settings = await resolve({ plugins: true, patience: PLUGIN_PATIENCE_MS });
  if (settings.problems.some(({ fatal }) => fatal)) throw refusalOf(errorsIn(settings));
  let inForceSince = now();
  let refusal: Refusal | undefined;
  /** The files' versions when they were last found to be in force, or not to be. */
  let same: string | undefined;
  let other: { readonly versions: string; readonly problems: readonly string[] } | undefined;
  let otherSince: number | undefined;

  /** Throws where there is an error that the configuration in force has not. */
  async function next(): Promise<Settings> {
    // First without plugins: what is refused must not touch those that are at work.
    const early = await resolve({ plugins: false });
    refuse(early, errorsIn(early).filter(({ harmless }) => !harmless));
    const atWork = settings.collectors.map(({ collector }) => collector.name);
    const whole = await resolve({ plugins: true, atWork });
    refuse(whole, newErrors(whole, settings));
    return whole;
  }

  function refuse({ fingerprint, files }: Settings, problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    refusal = { fingerprint, files, problems: problems.map(formatProblem) };
    throw refusalOf(problems);
  }

  async function applied<T>(found: Settings, apply: (next: Settings) => Promise<T>): Promise<T> {
    try {
      return await apply(found);
    } catch (error) {
      const { fingerprint, files } = found;
      refusal = { fingerprint, files, problems: [messageOf(error)] };
      throw error;
    }
  }

  function onDisk(): ConfigurationStatus["onDisk"] {
    let versions: string;
    try {
      versions = versionsOf([...settings.files, ...(refusal?.files ?? [])], files, settings);
    } catch (error) {
      otherSince ??= now();
      return { problems: [`${path}: error: ${messageOf(error)}`], since: otherSince };
    }
    if (versions !== same && versions !== other?.versions) {
      const { fingerprint } = loadConfig(path, files);
      if (fingerprint === settings.fingerprint) same = versions;
      else {
        const isRefused = fingerprint === refusal?.fingerprint;
        other = { versions, problems: isRefused ? refusal!.problems : [] };
      }
    }
    if (versions === same) {
      otherSince = undefined;
      return undefined;
    }
    otherSince ??= now();
    return { problems: other!.problems, since: otherSince };
  }

  return {
    get settings() {
      return settings;
    },
    async reload(apply) {
      try {
        const found = await next();
        const result = await applied(found, apply);
        settings = found;
        inForceSince = now();
        refusal = undefined;
        same = undefined;
        return result;
      } finally {
        other = undefined;
        // It is out of force from now on, not from the next question.
        onDisk();
      }
    },
    status: () => ({
      file: path,
      inForceSince,
      problems: errorsIn(settings).filter((problem) => isInTheWay(problem, settings)).map(
        formatProblem,
      ),
      permissions: settings.problems.filter(({ ofAccess }) => ofAccess).map(formatProblem),
      onDisk: onDisk(),
    }),
    version() {
      const plugins = settings.custom.files.map((file) => file.path);
      try {
        return versionsOf(
          [...settings.files, ...plugins],
          files,
          settings,
          settings.custom.folders,
        );
      } catch {
        return undefined;
      }
    },
  };
}

/** Whether something else than what is on disk runs because of it. */
function isInTheWay({ harmless, file }: Problem, { custom }: Settings): boolean {
  return !harmless || custom.files.some(({ path, keptOld }) => path === file && keptOld === true);
}

/** All that `check` calls an error. */
export function errorsIn({ problems }: Settings): Problem[] {
  return problems.filter(({ severity }) => severity === "error");
}

/**
 * Returns the errors that prevent a reload. Harmless errors that existed before, such as an unknown option, do
 * not. Neither does a missing or broken plugin, because its file is not part of the configuration; but one that cannot
 * be looked at now does.
 */
function newErrors(next: Settings, inForce: Settings): Problem[] {
  const known = new Set(inForce.problems.map(keyOf));
  const answered = next.custom.files.filter(({ isSilent }) => !isSilent);
  const plugins = new Set(answered.map(({ path }) => path));
  const parts = [...inForce.collectors, ...inForce.handlers, ...inForce.leftOut];
  const wasEnabled = (name: string | undefined) => parts.some(({ section }) => section === name);
  return errorsIn(next).filter((problem) => {
    if (!problem.harmless) return true;
    return !known.has(keyOf(problem)) && !plugins.has(problem.file) && !wasEnabled(problem.lacks);
  });
}

/** Lines move. */
function keyOf({ file, message }: Problem): string {
  return `${file}: ${message}`;
}

function refusalOf(problems: readonly Problem[]): Error {
  return configErrors(problems.map(formatProblem));
}

function versionsOf(
  paths: readonly string[],
  files: ConfigFiles,
  { directories }: Settings,
  folders: readonly string[] = [],
): string {
  const listed = [...directories, ...folders].map((folder) => files.list(folder));
  return JSON.stringify([paths.map((path) => files.fileVersion(path)), listed]);
}
