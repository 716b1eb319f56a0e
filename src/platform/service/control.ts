/**
 * The agent's door for its own commands: a unix socket (a named pipe on Windows), one JSON line in,
 * one out. Only its owner and group may knock.
 */

import { chmodSync, chownSync, existsSync, mkdirSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { Failure, messageOf, undelivered } from "../../core/errors.ts";
import type { ControlAnswer, ControlRequest } from "../../ports/process.ts";
import { bunSockets } from "../runtime/bun_sockets.ts";
import { net } from "../runtime/node_modules.ts";
import { serveLines } from "../net/line_server.ts";

const ANSWER_SECONDS = 10;

/** Answers at a path until the returned function is called. Throws where that is not possible. */
export async function serveControl(
  path: string,
  owner: { readonly uid: number; readonly gid: number },
  answer: (request: ControlRequest) => unknown,
): Promise<() => void> {
  if (process.platform !== "win32" && existsSync(path)) {
    if (await isAnswered(path)) {
      throw new Failure("config", `Another agent answers at "${path}"`);
    }
    unlinkSync(path);
  }
  if (process.platform !== "win32") mkdirSync(dirname(path), { recursive: true });
  const close = await serveLines(addressOf(path), (line) => reply(line, answer));
  if (process.platform !== "win32") {
    chmodSync(path, 0o660);
    if (owner.uid >= 0 || owner.gid >= 0) chownSync(path, owner.uid, owner.gid);
  }
  return () => {
    close();
    try {
      if (process.platform !== "win32") unlinkSync(path);
    } catch {
      // The folder is not ours any more; the next start removes it.
    }
  };
}

async function reply(
  line: string,
  answer: (request: ControlRequest) => unknown,
): Promise<string> {
  let answered: ControlAnswer;
  try {
    answered = { result: await answer(JSON.parse(line) as ControlRequest) };
  } catch (error) {
    answered = { error: messageOf(error) };
  }
  return JSON.stringify(answered);
}

/** Asked by an agent that starts and finds the socket of one that was killed, mostly. */
function isAnswered(path: string): Promise<boolean> {
  if (bunSockets !== undefined) {
    const to = { unix: addressOf(path), socket: { data() {}, error() {} } };
    return bunSockets.connect(to).then((socket) => (socket.close(), true), () => false);
  }
  return new Promise((resolve) => {
    const socket = net().connect(addressOf(path), () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Asks the agent that answers at a path. Throws `undelivered` where none does, or it says no. */
export function askControl(path: string, request: ControlRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let text = "";
    const fail = (why: unknown) => reject(undelivered(`No agent answers at "${path}"`, why));
    const socket = net().connect(
      addressOf(path),
      () => socket.write(`${JSON.stringify(request)}\n`),
    );
    socket.setTimeout(ANSWER_SECONDS * 1000, () => {
      fail("it is silent");
      socket.destroy();
    });
    socket.on("error", fail);
    socket.on("data", (chunk) => (text += chunk));
    socket.on("end", () => {
      socket.destroy();
      try {
        const { result, error } = JSON.parse(text) as ControlAnswer;
        if (error !== undefined) reject(undelivered(error));
        else resolve(result);
      } catch (error) {
        fail(error);
      }
    });
  });
}

function addressOf(path: string): string {
  return process.platform === "win32" ? `\\\\.\\pipe\\${path.replace(/[^\w.-]/g, "_")}` : path;
}
