/** A server that is asked a line and answers with a line, at a unix socket or a named pipe. */

import { type BunSocket, bunSockets, writeAndEnd } from "../runtime/bun_sockets.ts";
import { net } from "../runtime/node_modules.ts";
import { listening } from "./listen.ts";

/** Never throws; its line has no newline, and the answer gets one. */
export type Answer = (line: string) => Promise<string>;

/** Ends it: no request is answered any more. */
type Close = () => void;

const MAX_CHARS = 65_536;
/** A peer that is silent for longer is let go. */
const PATIENCE_SECONDS = 10;

/** Throws where it cannot listen. It does not keep the process alive. */
export function serveLines(address: string, answer: Answer): Promise<Close> {
  return bunSockets === undefined
    ? serveWithStreams(address, answer)
    : Promise.resolve(serveWithBun(bunSockets, address, answer));
}

interface Reader {
  /** Takes bytes until there is a line. */
  read(bytes: Uint8Array): void;
  /** There was one: an answer comes, even where the peer has ended its side. */
  readonly asked: boolean;
}

function createReader(found: (line: string) => void, tooLong: () => void): Reader {
  const decoder = new TextDecoder();
  let text = "";
  let asked = false;
  return {
    get asked() {
      return asked;
    },
    read(bytes) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > MAX_CHARS) return tooLong();
      const end = text.indexOf("\n");
      if (end < 0 || asked) return;
      asked = true;
      found(text.slice(0, end));
    },
  };
}

async function serveWithStreams(address: string, answer: Answer): Promise<Close> {
  const server = net().createServer({ allowHalfOpen: true }, (socket) => {
    const reader = createReader(
      (line) => void answer(line).then((text) => socket.end(`${text}\n`)),
      () => socket.destroy(),
    );
    socket.setTimeout(PATIENCE_SECONDS * 1000, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("data", reader.read);
    socket.on("end", () => void (reader.asked || socket.end()));
  });
  await listening(server, { path: address });
  return () => void server.close();
}

interface Exchange {
  readonly reader: Reader;
  /** What is still to be written of the answer. */
  rest: Uint8Array;
}

function serveWithBun(
  bun: NonNullable<typeof bunSockets>,
  address: string,
  answer: Answer,
): Close {
  const encoder = new TextEncoder();

  function write(socket: BunSocket<Exchange>): void {
    socket.data.rest = writeAndEnd(socket, socket.data.rest);
  }

  const server = bun.listen<Exchange>({
    unix: address,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        const reply = (text: string) => {
          socket.data.rest = encoder.encode(`${text}\n`);
          write(socket);
        };
        const reader = createReader(
          (line) => void answer(line).then(reply),
          () => socket.close(),
        );
        socket.data = { reader, rest: new Uint8Array() };
        socket.timeout(PATIENCE_SECONDS);
      },
      data: (socket, bytes) => socket.data.reader.read(bytes),
      drain: write,
      end: (socket) => void (socket.data.reader.asked || socket.end()),
      timeout: (socket) => socket.close(),
      error() {},
    },
  });
  server.unref();
  return () => server.stop(true);
}
