/** A server that speaks MongoDB's wire protocol, as far as its driver needs it to run commands. */

import { deserialize, type Document, serialize } from "bson";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

const OP_MSG = 2013;
const OP_QUERY = 2004;
const OP_REPLY = 1;
const HELLO = {
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 21,
};

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
  const id = message.readInt32LE(4);
  const isQuery = message.readInt32LE(12) === OP_QUERY;
  // OP_QUERY has flags, a name that ends with 0, and two numbers before its document.
  const at = isQuery ? message.indexOf(0, 20) + 1 + 8 : 21;
  const command = deserialize(message.subarray(at));
  const isHello = "hello" in command || "ismaster" in command || "isMaster" in command;
  const document = serialize({ ...(isHello ? HELLO : answer(command)), ok: 1 });
  const head = isQuery ? Buffer.alloc(20) : Buffer.alloc(5);
  if (isQuery) head.writeInt32LE(1, 16);
  const size = 16 + head.length + document.length;
  const envelope = Buffer.alloc(16);
  [size, 1, id, isQuery ? OP_REPLY : OP_MSG].forEach((word, index) =>
    envelope.writeInt32LE(word, index * 4)
  );
  socket.write(Buffer.concat([envelope, head, document]));
}
