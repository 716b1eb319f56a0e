/** A server that speaks MongoDB's wire protocol, as far as a client needs it to log in and run commands. */

import { Binary, deserialize, type Document, serialize } from "bson";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

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
  const salt = Buffer.from("0123456789abcdef");
  let first = "";
  let bare = "";
  const mac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  const salted = pbkdf2Sync(password, salt, 4096, 32, "sha256");
  return (command: Document): Document => {
    const text = Buffer.from(command.payload.buffer).toString();
    if ("saslStart" in command) {
      bare = text.slice(3);
      first = `r=${/r=(.*)$/.exec(bare)![1]}server,s=${salt.toString("base64")},i=4096`;
      return { conversationId: 1, done: false, payload: new Binary(Buffer.from(first)) };
    }
    const [, start, proof] = /^(.*),p=(.*)$/.exec(text)!;
    const key = mac(salted, "Client Key");
    const all = `${bare},${first},${start}`;
    const expected = mac(createHash("sha256").update(key).digest(), all).map((byte, at) =>
      byte ^ key[at]
    );
    if (Buffer.from(expected).toString("base64") !== proof) {
      return { ok: 0, code: 18, errmsg: "Authentication failed." };
    }
    const signature = mac(mac(salted, "Server Key"), all).toString("base64");
    return { conversationId: 1, done: true, payload: new Binary(Buffer.from(`v=${signature}`)) };
  };
}
