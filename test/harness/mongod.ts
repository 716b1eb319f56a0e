/** A server that speaks MongoDB's wire protocol, as far as a client needs it to log in and run commands. */

import { Binary, deserialize, type Document, serialize } from "bson";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { scramSteps } from "./scram.ts";

const OP_MSG = 2013;
const HELLO = { isWritablePrimary: true, maxWireVersion: 21 };

/** `answer` gets each command that is not part of the handshake. */
export async function startMongod(answer: (command: Document) => Document) {
  const server = createServer((socket) => {
    let waiting = Buffer.alloc(0);
    socket.on("data", (chunk: Uint8Array) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 4 && waiting.length >= waiting.readInt32LE(0)) {
        const length = waiting.readInt32LE(0);
        reply(socket, waiting.subarray(0, length), answer);
        waiting = waiting.subarray(length);
      }
    });
    socket.on("error", () => {});
  });
  return await listening(server);
}

/** One that takes connections and says nothing. */
export function startSilent() {
  return listening(createServer((socket) => void socket.on("error", () => {})));
}

async function listening(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => void server.close(),
  };
}

function reply(socket: Socket, message: Buffer, answer: (command: Document) => Document): void {
  const command = deserialize(message.subarray(21));
  const document = serialize({ ok: 1, ...("hello" in command ? HELLO : answer(command)) });
  const head = Buffer.alloc(21);
  [21 + document.length, 1, message.readInt32LE(4), OP_MSG].forEach((word, index) =>
    head.writeInt32LE(word, index * 4)
  );
  socket.write(Buffer.concat([head, document]));
}

/** Answers to the steps of SCRAM-SHA-256 for one user, as a server that knows the password. */
export function scramServer(password: string) {
  const scram = scramSteps("sha256", password);
  return (command: Document): Document => {
    const text = Buffer.from(command.payload.buffer).toString();
    const isFirst = "saslStart" in command;
    const answer = isFirst ? scram.begin(text) : scram.end(text);
    return answer === undefined
      ? { ok: 0, code: 18, errmsg: "Authentication failed." }
      : { conversationId: 1, done: !isFirst, payload: new Binary(Buffer.from(answer)) };
  };
}
