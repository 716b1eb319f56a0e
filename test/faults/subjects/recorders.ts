/** Receivers that only remember, for protocols that have no server here. They end every connection when they stop. */

import { createServer, type IncomingMessage } from "node:http";
import { freePort } from "../../harness/agent_process.ts";
import { type Receiver, receiver } from "../fault.ts";
import { fieldOf, isNear, partsOf, type Subject } from "./subject.ts";

/** A point as a receiver read it. */
type Got = readonly [name: string, value: number, time: number];

/** By the last part of its path, the points of a body. */
const readers: Readonly<Record<string, (body: string) => Got[]>> = {
  plain: (body) => body.trim().split("\n").map(gotOf),
  otlp: (body) =>
    JSON.parse(body).resourceMetrics.flatMap((resource: OtlpResource) =>
      resource.scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ name, gauge, sum }) =>
          (gauge ?? sum)!.dataPoints.map((point): Got => [
            `${name}{${
              point.attributes.map(({ key, value }) => `${key}=${value.stringValue}`).join()
            }}`,
            point.asDouble ?? Number(point.asInt),
            Number(BigInt(point.timeUnixNano) / 1_000_000_000n),
          ])
        )
      )
    ),
};

interface OtlpPoint {
  readonly attributes: { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly asInt?: string;
}

interface OtlpResource {
  readonly scopeMetrics: {
    readonly metrics: {
      readonly name: string;
      readonly gauge?: { readonly dataPoints: OtlpPoint[] };
      readonly sum?: { readonly dataPoints: OtlpPoint[] };
    }[];
  }[];
}

function gotOf(line: string): Got {
  const { path, text, time } = partsOf(line);
  return [path, Number(text), time];
}

/** The archive's lines for what came, each as often as it came. */
function linesOf(got: readonly Got[], archive: readonly string[]): string[] {
  const wanted = Map.groupBy(archive, (line) => {
    const { path, time } = partsOf(line);
    return `${fieldOf(path)} ${time}`;
  });
  return got.flatMap(([name, value, time]) => {
    const line = wanted.get(`${fieldOf(name)} ${time}`)?.find((one) =>
      isNear(value, partsOf(one).text)
    );
    return line === undefined ? [] : [line];
  });
}

/** Whoever waits for an answer when it stops does not get one, though the body was read. */
export async function httpSubject(): Promise<Subject> {
  const port = await freePort();
  const bodies = new Map<string, string[]>(Object.keys(readers).map((name) => [name, []]));
  const boot = async () => {
    const server = createServer(async (request: IncomingMessage, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      bodies.get(request.url!.slice(1))!.push(body);
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return server;
  };
  let server = await boot();
  const names = { "HttpPostHandler": "plain", "OTLPHandler": "otlp" };
  return {
    server: "a recorder of HTTP",
    sections: Object.fromEntries(
      Object.entries(names).map(([name, path]) => [
        name,
        `url = http://127.0.0.1:${port}/${path}\ncompression = 0`,
      ]),
    ),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
    async start() {
      server = await boot();
    },
    taken: (archive) =>
      Promise.resolve(Object.fromEntries(
        Object.entries(names).map(([name, path]) => [
          name,
          linesOf(bodies.get(path)!.flatMap(readers[path]), archive),
        ]),
      )),
    close() {
      server.close();
      server.closeAllConnections();
      return Promise.resolve();
    },
  };
}

/** Statsite takes `path:value|kv`, without a time: as many lines of a value as came. */
export async function statsiteSubject(): Promise<Subject> {
  const port = await freePort();
  let server: Receiver = await receiver(port);
  const came: (readonly [string, number])[] = [];
  const keep = () => {
    for (const [line, times] of server.lines) {
      const [, path, text] = /^(\S+):(\S+)\|kv$/.exec(line)!;
      for (let time = 0; time < times; time++) came.push([path, Number(text)]);
    }
  };
  return {
    server: "a recorder of lines",
    sections: {
      StatsiteHandler: `host = 127.0.0.1\nport = ${port}\nudpport = 0\ntcpport = ${port}`,
    },
    async stop() {
      keep();
      await server.close();
    },
    async start() {
      server = await receiver(port);
    },
    taken(archive) {
      keep();
      const wanted = Map.groupBy(archive, (line) => {
        const { path, text } = partsOf(line);
        return `${path} ${Number(text)}`;
      });
      // Equal values of a path cannot be told apart: the first line stands for all.
      const lines = new Map<string, string[]>();
      const found = came.flatMap(([path, value]) => {
        const all = wanted.get(`${path} ${value}`) ?? [];
        const left = lines.get(`${path} ${value}`) ?? [...all];
        lines.set(`${path} ${value}`, left);
        return left.shift() ?? all[0] ?? [];
      });
      return Promise.resolve({ StatsiteHandler: found });
    },
    close: () => server.close(),
  };
}
