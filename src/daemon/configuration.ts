/** The configuration in force: the first one, and those that reloads bring. */

import type { ConfigurationStatus } from "../agent/status.ts";
import { formatProblem, type Problem } from "../config/problems.ts";
import type { ResolveRequest, Settings } from "../config/settings.ts";
import { configErrors, messageOf } from "../core/errors.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import { ConfigurationOnDisk, versionsOf } from "./configuration_on_disk.ts";

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
  /** The version that was there when the settings in force had been read. */
  readonly readVersion: string | undefined;
}

/** Built-in collectors wait no longer for plugins. */
const PLUGIN_PATIENCE_MS = 500;

/** Reads the first one. What is valid in it runs; throws `config` where that is nothing. */
export async function firstConfiguration(ports: ConfigurationPorts): Promise<Configuration> {
  const settings = await ports.resolve({ plugins: true, patience: PLUGIN_PATIENCE_MS });
  if (settings.problems.some(({ fatal }) => fatal)) throw refusalOf(errorsIn(settings));
  return new ConfigurationInForce(ports, settings);
}

class ConfigurationInForce implements Configuration {
  readonly #ports: ConfigurationPorts;
  readonly #onDisk: ConfigurationOnDisk;
  #settings: Settings;
  #readVersion: string | undefined;
  #since: number;

  constructor(ports: ConfigurationPorts, settings: Settings) {
    const { path, files, now } = ports;
    this.#ports = ports;
    this.#onDisk = new ConfigurationOnDisk(path, files, now);
    this.#settings = settings;
    this.#readVersion = this.version();
    this.#since = now();
  }

  get settings(): Settings {
    return this.#settings;
  }

  get readVersion(): string | undefined {
    return this.#readVersion;
  }

  async reload<T>(apply: (next: Settings) => Promise<T>): Promise<T> {
    try {
      const found = await this.#next();
      // Before it is applied: what changes meanwhile has changed.
      const version = this.#versionOf(found);
      const result = await this.#applied(found, apply);
      this.#settings = found;
      this.#readVersion = version;
      this.#since = this.#ports.now();
      this.#onDisk.accept();
      return result;
    } finally {
      // It is out of force from now on, not from the next question.
      this.#onDisk.difference(this.#settings);
    }
  }

  status(): ConfigurationStatus {
    const settings = this.#settings;
    const inTheWay = errorsIn(settings).filter((problem) => isInTheWay(problem, settings));
    return {
      file: this.#ports.path,
      inForceSince: this.#since,
      problems: inTheWay.map(formatProblem),
      permissions: settings.problems.filter(({ ofAccess }) => ofAccess).map(formatProblem),
      onDisk: this.#onDisk.difference(settings),
    };
  }

  version(): string | undefined {
    return this.#versionOf(this.#settings);
  }

  #versionOf({ files, directories, custom }: Settings): string | undefined {
    const paths = [...files, ...custom.files.map(({ path }) => path)];
    try {
      return versionsOf(paths, [...directories, ...custom.folders], this.#ports.files);
    } catch {
      return undefined;
    }
  }

  /** Throws where there is an error that the configuration in force has not. */
  async #next(): Promise<Settings> {
    const { resolve } = this.#ports;
    // First without plugins: what is refused must not touch those that are at work.
    const early = await resolve({ plugins: false });
    this.#refuse(early, errorsIn(early).filter(({ harmless }) => !harmless));
    const atWork = this.#settings.collectors.map(({ collector }) => collector.name);
    const whole = await resolve({ plugins: true, atWork });
    this.#refuse(whole, newErrors(whole, this.#settings));
    return whole;
  }

  #refuse(found: Settings, problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    this.#onDisk.refuse(found, problems.map(formatProblem));
    throw refusalOf(problems);
  }

  async #applied<T>(found: Settings, apply: (next: Settings) => Promise<T>): Promise<T> {
    try {
      return await apply(found);
    } catch (error) {
      this.#onDisk.refuse(found, [messageOf(error)]);
      throw error;
    }
  }
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
