/**
 * The agent's door for its own commands: a unix socket (a named pipe on Windows), one JSON line in,
 * one out. Only its owner and group may knock.
 */

import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { Failure, linesOf, undelivered } from "../../core/errors.ts";
import type { ControlAnswer, ControlRequest } from "../../ports/process.ts";
import { bunSockets } from "../runtime/bun_sockets.ts";
import { net } from "../runtime/node_modules.ts";
import { giveSocket, kindOf, makeFolder, removeIf } from "../access/safe_open.ts";
import { askFirst, farFor } from "../far/far.ts";
import { serveLines } from "../net/line_server.ts";

const ANSWER_SECONDS = 10;
/** A status of some hundred collectors has some hundred kilobytes; whoever listens there may say anything. */
const MAX_ANSWER = 32 * 1024 * 1024;
const FOLDER_MODE = 0o755;
const SOCKET_MODE = 0o660;
/** Until it has its mode and owner no other user is let in. */
const NOBODY_ELSE = 0o177;

/** Answers at a path until the returned function is called. Throws where that is not possible. */
export async function serveControl(
  path: string,
  owner: { readonly uid: number; readonly gid: number },
  answer: (request: ControlRequest) => unknown,
): Promise<() => void> {
  const respond = (line: string) => reply(line, answer);
  if (process.platform === "win32") return await serveLines(addressOf(path), respond);
  askFirst(path);
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there !== undefined) {
    if (!there.isSocket()) throw new Error(`there is ${kindOf(there)} already, not a socket`);
    if (await isAnswered(path)) {
      throw new Failure("config", `Another agent answers at "${path}"`);
    }
    removeSocket(path);
  }
  makeFolder(dirname(path), FOLDER_MODE, owner);
  const umask = process.umask(NOBODY_ELSE);
  const close = await serveLines(path, respond).finally(() => process.umask(umask));
  try {
    giveSocket(path, SOCKET_MODE, owner);
  } catch (error) {
    close();
    throw error;
  }
  return () => {
    close();
    try {
      removeSocket(path);
    } catch {
      // The folder is not ours any more; the next start removes it.
    }
  };
}

function removeSocket(path: string): void {
  const far = farFor(path);
  if (far !== undefined) return void far.call("removeSocket", path);
  removeIf(path, (entry) => entry.isSocket());
}

async function reply(
  line: string,
  answer: (request: ControlRequest) => unknown,
): Promise<string> {
  let answered: ControlAnswer;
  try {
    answered = { result: await answer(JSON.parse(line) as ControlRequest) };
  } catch (error) {
    answered = { error: linesOf(error).join("\n") };
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
    const socket = net().connect(
      addressOf(path),
      () => socket.write(`${JSON.stringify(request)}\n`),
    );
    const fail = (why: unknown) => {
      clearTimeout(late);
      socket.destroy();
      reject(undelivered(`no agent answers at "${path}"`, why));
    };
    const late = setTimeout(() => fail("it is silent"), ANSWER_SECONDS * 1000);
    socket.setEncoding("utf8");
    socket.on("error", fail);
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER) fail("what it says has no end");
    });
    socket.on("end", () => {
      if (text === "") return fail("it ended without an answer");
      clearTimeout(late);
      socket.destroy();
      try {
        const { result, error } = JSON.parse(text, visible) as ControlAnswer;
        if (error !== undefined) {
          reject(Object.assign(undelivered(error), { lines: error.split("\n") }));
        } else resolve(result);
      } catch (error) {
        fail(error);
      }
    });
  });
}

/** A terminal must not act on what comes from whoever listens at a path. */
function visible(_key: string, value: unknown): unknown {
  return typeof value === "string"
    ? value.replace(
      /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
      (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`,
    )
    : value;
}

function addressOf(path: string): string {
  return process.platform === "win32" ? `\\\\.\\pipe\\${path.replace(/[^\w.-]/g, "_")}` : path;
}
