/**
 * A process that works on the files of one file system that can hang: this very program, started again. A call waits for
 * its answer, with a deadline. One that is late is killed, and calls fail at once until the file system answers again.
 */

import type { ChildProcess } from "node:child_process";
import { messageOf, noData, timedOut } from "../../core/errors.ts";
import { safeEnvironment } from "../exec/environment.ts";
import { tunedEnvironment } from "../memory/reexec.ts";
import { processes } from "../runtime/node_modules.ts";
import { openPipes, type Pipes } from "./pipes.ts";
import { errorReceived, type FarAnswer, type FarRequest } from "./protocol.ts";

/** For an answer; with the time that the process takes to start. */
const PATIENCE_MS = 2000;
/** Between looks whether the file system answers again. */
const LOOK_MS = 2000;

interface FarSettings {
  readonly point: string;
  readonly command: readonly string[];
  /** Asks the file system, without waiting for it here. False where it does not answer. */
  answers(): Promise<boolean>;
  /** Called when it does not answer; `over` resolves when it does again. */
  silent(over: Promise<void>): void;
  readonly patience?: number;
}

export interface Far {
  readonly isRunning: boolean;
  /** Another one for each process: what one has made, the next one does not have. */
  readonly generation: number;
  /** Throws what the call throws there, `timeout` where the file system does not answer. */
  call(call: string, ...args: readonly unknown[]): unknown;
  /** Calls a method of what an earlier call has made. */
  callOn(object: number, call: string, ...args: readonly unknown[]): unknown;
}

export function createFar(settings: FarSettings): Far {
  const { point, command, patience = PATIENCE_MS } = settings;
  let running: Running | undefined;
  let generation = 0;
  let silence: Silence | undefined;

  function end(): ChildProcess {
    const { child, pipes } = running!;
    running = undefined;
    pipes.close();
    return child;
  }

  function giveUp(): void {
    const child = end();
    child.kill("SIGKILL");
    silence = { since: Date.now(), over: Promise.withResolvers() };
    void untilAnswered(child, settings.answers).then(silence.over.resolve);
    void silence.over.promise.then(() => silence = undefined);
    settings.silent(silence.over.promise);
  }

  function exchange(request: FarRequest): FarAnswer {
    if (running === undefined) {
      running = start(command);
      generation++;
    }
    let line: string | undefined;
    try {
      line = running.pipes.exchange(JSON.stringify(request), patience);
    } catch (error) {
      end();
      throw noData(`the process that works on files in "${point}": ${messageOf(error)}`);
    }
    if (line === undefined) giveUp();
    else return JSON.parse(line) as FarAnswer;
    throw silent();
  }

  function silent(): Error {
    const time = new Date(silence!.since).toISOString().slice(11, 19);
    return timedOut(`the file system at "${point}" does not answer (since ${time} UTC)`);
  }

  function callOn(object: number, call: string, ...args: readonly unknown[]): unknown {
    if (silence !== undefined) throw silent();
    const { value, error } = exchange({ object, call, args });
    if (error !== undefined) throw errorReceived(error);
    return value;
  }

  return {
    get isRunning() {
      return running !== undefined;
    },
    get generation() {
      return generation;
    },
    call: (call, ...args) => callOn(0, call, ...args),
    callOn,
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly pipes: Pipes;
}

interface Silence {
  readonly since: number;
  readonly over: PromiseWithResolvers<void>;
}

function start([program, ...args]: readonly string[]): Running {
  const pipes = openPipes();
  const child = processes().spawn(program, args, {
    env: tunedEnvironment(safeEnvironment()),
    stdio: [...pipes.theirs, "ignore"],
    cwd: "/",
    windowsHide: true,
  });
  pipes.handedOver();
  child.on("error", () => {});
  child.unref();
  return { child, pipes };
}

/** A file system that hangs has one process at most: that one has to be gone before the file system is asked again. */
async function untilAnswered(child: ChildProcess, answers: () => Promise<boolean>): Promise<void> {
  do {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS).unref());
  } while ((child.exitCode === null && child.signalCode === null) || !await answers());
}
