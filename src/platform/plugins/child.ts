/**
 * The process in which plugins run: this very program, started again. It follows the lines of
 * core/plugin_protocol.ts, and whatever the plugins do to it, the agent goes on.
 */

import { timedOut } from "../../core/errors.ts";
import type { ModuleFile, PluginProcessRequest } from "../../core/plugin_protocol.ts";
import type { Host } from "../../ports/host.ts";
import { findIdentity } from "../access/identity.ts";
import { createHost } from "../host.ts";
import { stdinLines } from "../runtime/stdin_lines.ts";
import { become } from "../service/privileges.ts";
import { ChildCollectors } from "./child_collectors.ts";
import { createHandlerHost } from "./child_handlers.ts";
import { errorAnswer, logOf, say, takeOverOutput, useWord } from "./child_output.ts";
import { applyGuard } from "./signal_guard.ts";

/** Serves until stdin ends. */
export async function servePlugins(): Promise<void> {
  const child = new PluginChild();
  takeOverOutput();
  await stdinLines((line) => void child.serve(line));
  await child.close();
}

class PluginChild {
  readonly #collectors = new ChildCollectors(() => this.#host!);
  readonly #handlers = createHandlerHost(() => this.#host!, logOf(undefined, undefined));
  readonly #running = new Map<number, AbortController>();
  #host: Host | undefined;
  /** A process that was started again is asked to run while it still loads. */
  #loading: Promise<unknown> = Promise.resolve();

  async serve(line: string): Promise<void> {
    const { id, ...request } = JSON.parse(line) as PluginProcessRequest & { id: number };
    try {
      say({ id, result: await this.#answer(id, request) });
    } catch (error) {
      say({ id, error: errorAnswer(error) });
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#collectors.close(), this.#handlers.close()]);
  }

  async #answer(id: number, request: PluginProcessRequest): Promise<unknown> {
    switch (request.do) {
      case "setup":
        return this.#setUp(request);
      case "load":
        return await (this.#loading = this.#load(request.as, request.files));
      case "open":
        await this.#loading;
        return this.#handlers.open(request.handler, request.options);
      case "write":
        return await this.#cancellable(
          id,
          (signal) => this.#handlers.write(request.batch, signal),
        );
      case "close":
        return await this.#handlers.close();
      case "run":
        await this.#loading.catch(() => {});
        return await this.#cancellable(
          id,
          (signal) => this.#collectors.run(id, request.run, signal),
        );
      case "abort":
        this.#running.get(request.run)?.abort(timedOut("The run takes too long"));
        return null;
      case "drop":
        return await this.#collectors.drop(request.instance);
      case "ping":
        return null;
    }
  }

  #setUp(request: PluginProcessRequest & { readonly do: "setup" }): null {
    useWord(request.word ?? "");
    // Before it is another user, who may not.
    if (request.guard !== undefined) applyGuard(request.guard);
    become(findIdentity(request.user, request.group));
    this.#host = createHost({ procfs: "", sysfs: "", rootfs: "", ...request.roots });
    return null;
  }

  #load(as: "handlers" | undefined, files: readonly ModuleFile[]): Promise<unknown> {
    return as === "handlers" ? this.#handlers.load(files) : this.#collectors.load(files);
  }

  async #cancellable<T>(id: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#running.delete(id);
    }
  }
}
