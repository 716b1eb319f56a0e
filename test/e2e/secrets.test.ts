/** Secrets of the configuration: a marked one in every option that may hold one is in nothing that the agent writes. */

import { equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { collectors } from "../../src/collectors/registry.ts";
import { deliveryOptions } from "../../src/core/handler.ts";
import { commonOptions } from "../../src/core/collector.ts";
import type { Options } from "../../src/core/option.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { agent, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";

const { path: directory, remove } = temporary();
after(remove);

let marks = 0;
const mark = () => `s3cretMark${++marks}x`;

/** An option's line with marks in all places that it has for secrets; undefined: it has none. */
function marked(name: string, { type, secret }: Options[string], port: number): string | undefined {
  if (secret) return `${name} = ${mark()}`;
  switch (type) {
    case "url":
      return `${name} = "http://user:${mark()}@127.0.0.1:${port}/path?token=${mark()}&long=${mark()}${mark()}"`;
    case "headers":
      return `${name} = "X-Api-Key: ${mark()}", "Authorization: Basic ${mark()}", "X-Long: ${mark()}${mark()}"`;
    case "servers":
      return `${name} = one@127.0.0.1:1/${mark()}`;
    default:
      return undefined;
  }
}

async function sections(
  registry: Readonly<Record<string, () => Promise<{ default: { options: unknown } }>>>,
  shared: Options,
  port: number,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, load] of Object.entries(registry)) {
    const own = (await load()).default.options as Options;
    const all = Object.entries({ ...shared, ...own });
    const lines = all.filter(([key]) => !key.includes("*"))
      .map(([key, option]) => marked(key, option, port)).filter((line) => line !== undefined);
    if (lines.length === 0) continue;
    // Where it is to go: to the server that says everything again.
    const at = { host: "127.0.0.1", hostname: "127.0.0.1", port, brokers: `127.0.0.1:${port}` };
    for (const [key, value] of Object.entries(at)) {
      if (Object.hasOwn(own, key)) lines.push(`${key} = ${value}`);
    }
    if (Object.hasOwn(own, "user")) lines.push("user = someone");
    found.set(name, `[[${name}]]\nenabled = True\n${lines.join("\n")}\n`);
  }
  return found;
}

const MARK = /s3cretMark\d+x/g;

function leaks(text: string): string[] {
  const encoded = (text.match(/[A-Za-z0-9+/]{16,}={0,2}/g) ?? []).map((one) => atob64(one));
  return [text, ...encoded].flatMap((one) => one.match(MARK) ?? []);
}

function atob64(text: string): string {
  return Buffer.from(text, "base64").toString("latin1");
}

describeWith("secrets in the executable", noExecutable, () => {
  it("are in no log, status, check, error, state, argument or environment", async () => {
    // Refuses everything, and says again what it was told.
    const server = createServer((request, response) => {
      response.writeHead(500);
      response.end(`no: ${request.url} ${JSON.stringify(request.headers)}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const base = join(directory, "secrets");
    mkdirSync(join(base, "mine"), { recursive: true });
    mkdirSync(join(base, "h"), { recursive: true });
    writeFileSync(
      join(base, "mine/own.js"),
      "export default {name:'OwnCollector',collect({options}){throw new Error('my '+options.api_token+' '+options.dsn)}};\n",
    );
    writeFileSync(
      join(base, "h/own.js"),
      "export default {name:'OwnHandler',open:({options})=>({async write(){throw new Error('my '+options.password)},async [Symbol.asyncDispose](){}})};\n",
    );
    const own =
      `[[OwnCollector]]\nenabled = True\napi_token = ${mark()}\ndsn = "db://me:${mark()}@h/x"\n`;
    const ownHandler = `[[OwnHandler]]\npassword = ${mark()}\n`;
    const handlerSections = await sections(handlers, deliveryOptions, port);
    const collectorSections = await sections(collectors, commonOptions, port);
    ok(handlerSections.size >= 6 && marks > 20, `${marks} marks`);
    const conf = join(base, "diamond.conf");
    writeFileSync(
      conf,
      `[server]\nstate_path = ${base}/state\npid_file = ${base}/pid\nsocket = ${base}/s\ncollectors_path = ${base}/mine\nhandlers_path = ${base}/h\nhandlers = ${
        [...handlerSections.keys(), "OwnHandler"].join(", ")
      }\n[handlers]\nkeys = file\n[[default]]\ntimeout = 2\n${
        [...handlerSections.values()].join("")
      }${ownHandler}[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n[[LoadAverageCollector]]\nenabled = True\n${
        [...collectorSections.values()].join("")
      }${own}[loggers]\nkeys = root\n[formatters]\nkeys = f\n[logger_root]\nlevel = DEBUG\nhandlers = file\n[handler_file]\nclass = FileHandler\nlevel = DEBUG\nformatter = f\nargs = ('${base}/log',)\n[formatter_f]\nformat = %(levelname)s %(message)s\n`,
    );
    chmodSync(conf, 0o600);

    const written = new Map<string, string>();
    const add = (what: string, { stdout, stderr }: { stdout: string; stderr: string }) =>
      written.set(what, stdout + stderr);
    add("check", agent(["check", "-c", conf]));
    add("check --print", agent(["check", "--print", "-c", conf]));
    add("list", agent(["list", "-c", conf]));
    const running = start(["run", "-f", "-l", "-c", conf]);
    const log = () => readText(join(base, "log"));
    await until("it is refused", () => / 500/.test(log()) && /OwnHandler: /.test(log()), 30);
    await until("it has run some times", () => log().length > 4000, 10);
    add("status", agent(["status", "--socket", join(base, "s")]));
    add("status --json", agent(["status", "--json", "--socket", join(base, "s")]));
    const names = [
      ...handlerSections.keys(),
      ...collectorSections.keys(),
      "OwnCollector",
      "OwnHandler",
    ];
    for (const name of names) {
      add(`explain ${name}`, agent(["explain", name, "-c", conf, "--socket", join(base, "s")]));
    }
    const bundle = join(base, "bundle.tar.gz");
    add(
      "support-bundle",
      agent(["support-bundle", "-c", conf, "--socket", join(base, "s"), bundle]),
    );
    written.set("the support bundle", gunzipSync(readFileSync(bundle)).toString("latin1"));
    for (const pid of family(running.pid)) {
      written.set(`arguments and environment of ${pid}`, processText(pid));
    }
    equal(await running.end(), 0);
    written.set("output", running.output());
    written.set("log", log());
    for (const [name, text] of filesBelow(join(base, "state"))) written.set(name, text);
    server.close();

    ok(/no: /.test(log()), "the server's answer is told");
    const found = [...written].flatMap(([what, text]) => {
      const all = leaks(text);
      return all.length === 0
        ? []
        : [`${what}: ${text.split("\n").find((line) => leaks(line).length)}`];
    });
    equal(found.join("\n"), "");
    for (const [what, text] of written) if (!/^arg|^\//.test(what)) ok(text !== "", what);
  });
});

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function processText(pid: number): string {
  return readText(`/proc/${pid}/cmdline`) + readText(`/proc/${pid}/environ`);
}

/** A process and all that it has started. */
function family(pid: number): number[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=", "--ppid", `${pid}`], { encoding: "utf8" });
  const children = stdout.trim().split(/\s+/).filter((one) => one !== "").map(Number);
  return [pid, ...children.flatMap(family)];
}

function filesBelow(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name)).map((path) => [path, readText(path)]);
}
