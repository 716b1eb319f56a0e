/** Every shape of question, asked of services that are dead, slow or lying: one deadline, one line that names the address once. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AddressInfo, createServer } from "node:net";
import { after, describe, it } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { messageOf } from "../../src/core/errors.ts";
import { systemWords } from "../../src/core/system_errors.ts";
import { createHost } from "../../src/platform/host.ts";
import { rootsFrom } from "../../src/platform/roots.ts";
import type { SqlKind } from "../../src/ports/sql.ts";
import type { TlsSettings } from "../../src/ports/tls.ts";
import { ask } from "../../src/protocols/conversation.ts";
import { each } from "../../src/protocols/each.ts";
import { get } from "../../src/protocols/http_get.ts";
import { openRedis } from "../../src/protocols/redis.ts";
import { temporary } from "../harness/agent_process.ts";
import { badService, badServices } from "../harness/bad_services.ts";
import { certificates, CERTIFIED_NAME, noOpenssl } from "../harness/certificates.ts";
import { describeWith } from "../harness/describe_with.ts";

const host = createHost(rootsFrom({}, {}));
const HOST = "127.0.0.1";
const DEADLINE_MS = 500;
/** For a busy machine. */
const SLACK_MS = 2500;
const tls = { verify: true };

type Shape = (port: number, signal: AbortSignal) => Promise<unknown>;

const bySql = (kind: SqlKind, encrypted = {}): Shape => async (port, signal) => {
  const login = { user: "u", password: "p", database: "d", socket: "" };
  const settings = { host: HOST, port, ...login, ...encrypted };
  await using connection = await host.sql.connect(kind, settings, signal);
  return await connection.query("SELECT 1");
};

const byLdap = (encrypted = {}): Shape => async (port, signal) => {
  const settings = { host: HOST, port, user: "u", password: "p", ...encrypted };
  await using connection = await host.ldap.connect(settings, signal);
  return await connection.search("cn=monitor", []);
};

const shapes: Readonly<Record<string, Shape>> = {
  "a line": (port, signal) => ask(host, { host: HOST, port }, "stats\n", signal, "\nEND"),
  "a line by TLS": (port, signal) =>
    ask(host, { host: HOST, port, tls }, "stats\n", signal, "\nEND"),
  HTTP: (port, signal) => get(host, `http://${HOST}:${port}/`, signal),
  HTTPS: (port, signal) => get(host, `https://${HOST}:${port}/`, signal),
  async Redis(port, signal) {
    const login = { user: "", password: "", database: 0 };
    using redis = await openRedis(host, { host: HOST, port }, login, signal);
    return await redis.command("INFO");
  },
  PostgreSQL: bySql("postgres"),
  "PostgreSQL by TLS": bySql("postgres", { tls }),
  MySQL: bySql("mysql"),
  "MySQL by TLS": bySql("mysql", { tls }),
  LDAP: byLdap(),
  "LDAP by StartTLS": byLdap({ tls }),
  async SNMP(port, signal) {
    const nothing = { protocol: "", key: "" } as const;
    using session = await host.snmp.open({
      host: HOST,
      port,
      version: "2c",
      community: "public",
      user: "",
      auth: nothing,
      privacy: nothing,
      timeout: 5,
      retries: 3,
    }, signal);
    return await session.get(["1.3.6.1.2.1.1.3.0"]);
  },
};

async function told(shape: Shape, port: number): Promise<{ text: string; ms: number }> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), DEADLINE_MS);
  const began = performance.now();
  let text = "";
  await rejects(shape(port, controller.signal), (error) => {
    text = messageOf(error);
    return true;
  });
  clearTimeout(timer);
  return { text, ms: performance.now() - began };
}

describe("an answer of Redis without end", () => {
  /** What is said of a server that answers anything with this, again and again. */
  async function saidOf(...answer: string[]): Promise<string> {
    const server = createServer((socket) => {
      let at = 0;
      const pour = () => {
        while (!socket.destroyed && socket.write(answer[Math.min(at++, answer.length - 1)]));
      };
      socket.on("error", () => {}).on("drain", pour).once("data", pour);
    });
    await new Promise<void>((done) => server.listen(0, HOST, done));
    const { port } = server.address() as AddressInfo;
    using redis = await openRedis(host, { host: HOST, port }, {
      user: "",
      password: "",
      database: 0,
    }, AbortSignal.timeout(30_000));
    let text = "";
    await rejects(redis.commands(Array.from({ length: 100 }, () => ["PING"])), (error) => {
      text = messageOf(error);
      return true;
    });
    server.close();
    return text;
  }

  it("leaves other work its turn", async () => {
    const script = `import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
peer.recv(100)
peer.sendall(b"*16000000\\r\\n")
while True: peer.sendall(b":1\\r\\n" * 10000)`;
    const python = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
    const [port] = await once(python.stdout, "data");
    const login = { user: "", password: "", database: 0 };
    const to = { host: HOST, port: Number(port) };
    using redis = await openRedis(host, to, login, AbortSignal.timeout(30_000));
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 10);
    const began = last;
    await rejects(redis.command("PING"), /answers with more than 16777216 bytes$/);
    const all = performance.now() - began;
    clearInterval(timer);
    python.kill();
    longest = Math.max(longest, performance.now() - last);
    ok(longest < all / 3, `other work waited ${longest} of ${all} ms`);
  });

  it("costs no more than its bound, whatever it consists of", async () => {
    const bound = /:\d+ answers with more than 16777216 bytes$/;
    match(await saidOf("*16000000\r\n", `+${"x".repeat(500)}\r\n`.repeat(100)), bound);
    match(await saidOf(`-${"x".repeat(1_000_000)}\r\n`), bound);
    match(await saidOf(`$1000000\r\n${"x".repeat(1_000_000)}\r\n`), bound);
    match(await saidOf("*1\r\n".repeat(10_000)), /:\d+ answers with lists more than 32 deep$/);
  });
});

describe("a question to a service that is", () => {
  for (const name of Object.keys(badServices) as (keyof typeof badServices)[]) {
    for (const [shape, work] of Object.entries(shapes)) {
      it(`${name}: ${shape}`, async () => {
        const service = await badService(name);
        const { text, ms } = await told(work, service.port);
        service.close();
        equal(text.split(`${HOST}:${service.port}`).length - 1, 1, text);
        ok(!/ECONN|ENOENT|aborted|syscall|\n/.test(text), text);
        ok(ms < DEADLINE_MS + SLACK_MS, `${ms} ms: ${text}`);
        if (name === "dead" && shape !== "SNMP") match(text, /^cannot \S+ .+: connection refused$/);
      });
    }
  }

  const expected: [keyof typeof badServices, string, RegExp][] = [
    ["dead", "Redis", /^cannot connect to 127\.0\.0\.1:\d+: connection refused$/],
    ["silent", "MySQL", /^127\.0\.0\.1:\d+ did not answer in time$/],
    ["closing", "PostgreSQL", /^127\.0\.0\.1:\d+ closes the connection without an answer$/],
    ["closing", "a line", /^127\.0\.0\.1:\d+ closes the connection without an answer$/],
    ["closing", "LDAP", /^127\.0\.0\.1:\d+ closes the connection without an answer$/],
    ["half", "a line", /closes the connection in the middle of its answer, "HTTP\/1\.1 200 OK"$/],
    ["half", "PostgreSQL by TLS", /looks like an HTTP server: it answers "HTTP\/1\.1 200 OK"$/],
    ["endless", "a line", /(answers with more than 16777216 bytes|did not answer in time)$/],
    ["an endless page", "HTTP", /more than 16777216 bytes$/],
    ["an endless page", "MySQL", /looks like an HTTP server/],
    ["garbage", "a line by TLS", /looks like a port without TLS/],
    ["garbage", "SNMP", /answers something that is not SNMP$/],
    ["locked", "Redis", /^127\.0\.0\.1:\d+ says: NOAUTH Authentication required\.$/],
    ["locked", "HTTP", /answers 401: user and password are needed, or wrong$/],
  ];
  for (const [name, shape, pattern] of expected) {
    it(`${name}: what ${shape} says of it`, async () => {
      const service = await badService(name);
      const { text } = await told(shapes[shape], service.port);
      service.close();
      match(text, pattern);
    });
  }

  it("not there: a socket, a name, a program", async () => {
    const { signal } = new AbortController();
    const failures: [() => Promise<unknown>, RegExp][] = [
      [
        () => ask(host, { path: "/nosuch.sock" }, "", signal),
        /^cannot connect to \/nosuch\.sock: no such socket$/,
      ],
      [
        () => get(host, "http://localhost/", signal, { socket: "/nosuch.sock" }),
        /^cannot ask \/nosuch\.sock: no such socket$/,
      ],
      [
        () => host.exec.run(["/nosuch"], { signal }),
        /^cannot run \/nosuch: no such file or directory$/,
      ],
    ];
    for (const [question, pattern] of failures) {
      await rejects(question, (error) => {
        match(messageOf(error), pattern);
        return true;
      });
    }
  });
});

describeWith("a question by TLS", noOpenssl, () => {
  const { path: directory, remove } = temporary();
  after(remove);

  it("to a server whose certificate is not good says what to look at", async () => {
    const { cert, key, ca } = certificates(directory);
    const server = createTlsServer({ cert, key }, (socket) => void socket.end("pong\n"));
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const { port } = server.address() as AddressInfo;
    const { signal } = new AbortController();
    const line = (settings: TlsSettings) =>
      ask(host, { host: HOST, port, tls: settings }, "ping\n", signal, "\n");
    const says = (question: Promise<unknown>, cause: string) =>
      rejects(question, (error) => {
        match(
          messageOf(error),
          new RegExp(`^cannot \\w+( to)? (https://)?${HOST}:${port}: ${cause}`),
        );
        return true;
      });
    await says(line({ verify: true }), "the authority of its certificate is not trusted");
    await says(
      line({ verify: true, ca }),
      `its certificate is for ${CERTIFIED_NAME}: is server_name right`,
    );
    await says(get(host, `https://${HOST}:${port}/`, signal), "the authority of its certificate");
    equal(await line({ verify: true, ca, serverName: CERTIFIED_NAME }), "pong\n");
    server.close();
  });
});

describe("several servers", () => {
  const failing = (message: string) => (_: string) => Promise.reject(new Error(message));
  it("are named once, where the message has the address of the alias", async () => {
    await rejects(
      each(["one@10.0.0.5:9"], String, failing("cannot connect to 10.0.0.5:9: connection refused")),
      { message: "cannot connect to 10.0.0.5:9: connection refused" },
    );
    await rejects(
      each(["web http://h:80/status"], String, failing("cannot ask http://h:80: no route to host")),
      { message: "cannot ask http://h:80: no route to host" },
    );
    await rejects(each(["10.0.0.5:9"], String, failing("no value")), {
      message: "10.0.0.5:9: no value",
    });
  });

  it("goes by so many at a time as it may, and a failed one holds up none", async () => {
    const order: string[] = [];
    let under = 0;
    let most = 0;
    const asked = each(["a", "b", "c", "d", "e"], String, async (name) => {
      most = Math.max(most, ++under);
      await Promise.resolve();
      under--;
      order.push(name);
      if (name === "b") throw new Error("no");
    }, 2);
    await rejects(asked, { message: "b: no" });
    equal(most, 2);
    deepEqual(order.sort(), ["a", "b", "c", "d", "e"]);
  });

  it("that are slow do not hold up the others", async () => {
    const silent = await badService("silent");
    const controller = new AbortController();
    const done: string[] = [];
    const asked = each(["slow", "quick"], String, async (name) => {
      if (name === "slow") {
        await ask(host, { host: HOST, port: silent.port }, "x", controller.signal, "\n");
      }
      done.push(name);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    deepEqual(done, ["quick"]);
    controller.abort();
    await rejects(asked, /did not answer in time/);
    silent.close();
  });
});

describe("errors of the system", () => {
  const error = (message: string, fields: object) => Object.assign(new Error(message), fields);
  it("are words, without the call and the address", () => {
    const cases: [Error, string | undefined][] = [
      [error("connect ECONNREFUSED ::1:9", { code: "ECONNREFUSED" }), "connection refused"],
      [error("", { code: "ECONNREFUSED", errors: [] }), "connection refused"],
      [error("connect ENOENT /x", { code: "ENOENT", syscall: "connect" }), "no such socket"],
      [
        error("ENOSPC: no space left on device, write", { code: "ENOSPC", syscall: "write" }),
        "no space left on device",
      ],
      [error("socket hang up", { code: "ECONNRESET" }), "the peer closed the connection"],
      [error("line 4: nonsense", { code: "bad-data" }), undefined],
      [error("line 4: nonsense", {}), undefined],
    ];
    for (const [given, words] of cases) equal(systemWords(given), words);
  });
});

describe("a command", () => {
  const { path: directory, remove } = temporary();
  after(remove);
  const script = (text: string) => {
    const file = join(directory, `${performance.now()}.sh`);
    writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
  };

  it("that hangs is killed at the deadline, with what it has started", async () => {
    const began = performance.now();
    const file = script("sleep 60 & sleep 60");
    await rejects(
      host.exec.run([file], { signal: AbortSignal.timeout(DEADLINE_MS) }),
      /did not end in time and was killed/,
    );
    ok(performance.now() - began < DEADLINE_MS + SLACK_MS);
  });

  it("that the system cannot execute says why", async () => {
    const { signal } = new AbortController();
    const run = (name: string, text: string) => {
      const file = join(directory, name);
      writeFileSync(file, text, { mode: 0o755 });
      return host.exec.run([file], { signal });
    };
    await rejects(run("gone", "#!/no/such/interpreter\necho a 1\n"), (error: Error) => {
      const says = messageOf(error);
      // Deno says only that it is not there.
      return /the interpreter that its #! line names is not there$/.test(says) ||
        "Deno" in globalThis;
    });
    // Deno leaves it to the shell.
    if ("Deno" in globalThis) return;
    await rejects(run("bare", "echo a 1\n"), (error: Error) => {
      return /cannot run .*bare: it has no #! line, and is not a program for/.test(
        messageOf(error),
      );
    });
  });

  it("that writes without end is cut, and killed", async () => {
    const { signal } = new AbortController();
    const { cut, code } = await host.exec.run([script("yes")], { signal, maxBytes: 1000 });
    deepEqual([cut, code], [true, null]);
  });
});
