/** The real host, with what a collector reads and asks remembered, for `explain`. */

import { Cursor } from "../core/cursor.ts";
import { shownUrl, withoutSecrets } from "../core/secrets.ts";
import type { HostFs } from "../ports/fs.ts";
import type { Host } from "../ports/host.ts";
import { readOnly } from "../ports/read_only.ts";
import type { Source, TracedHost } from "../ports/trace.ts";
import { recordingPorts } from "./tape/recording.ts";
import type { Exchange, Text } from "./tape/tape.ts";

/** Of all texts together; of what is over it only the name is kept. */
const MAX_CHARACTERS = 1_000_000;

export function traceHost(real: Host): TracedHost {
  const files = new Map<string, Source>();
  const exchanges = new Set<Exchange>();
  let characters = 0;
  const add = (what: string, text?: string) => {
    characters += text?.length ?? 0;
    const shown = withoutSecrets(what);
    files.set(shown, characters > MAX_CHARACTERS ? { what: shown } : { what: shown, text });
  };
  return {
    host: {
      ...readOnly(real),
      ...recordingPorts(real, (exchange) => void exchanges.add(exchange)),
      get cpus() {
        return real.cpus;
      },
      fs: traced(readOnly(real).fs, add),
      probe: {
        ...real.probe,
        async statvfs(path, kind, asker) {
          const answer = await real.probe.statvfs(path, kind, asker);
          add(`statvfs(${path})`, fieldsOf(answer));
          return answer;
        },
      },
      exec: {
        ...real.exec,
        async run(argv, limits) {
          const answer = await real.exec.run(argv, limits);
          add(argv.join(" "), answer.stdout);
          return answer;
        },
      },
    },
    sources: () => [...files.values(), ...[...exchanges].map(sourceOf)],
  };
}

function traced(fs: HostFs, add: (what: string, text?: string) => void): HostFs {
  const decoder = new TextDecoder();
  const bytesOf = (path: string) => {
    const bytes = fs.readBytes(path);
    add(path, decoder.decode(bytes));
    return bytes;
  };
  const read = (path: string) => new Cursor(bytesOf(path), path);
  return {
    ...fs,
    read,
    readBytes: bytesOf,
    readPieces: (path) => [read(path)],
    tryRead(path) {
      try {
        return read(path);
      } catch {
        return undefined;
      }
    },
    list(path) {
      const names = fs.list(path);
      add(path);
      return names;
    },
  };
}

function fieldsOf(answer: object): string {
  return Object.entries(answer).map(([name, value]) => `${name} ${value}\n`).join("");
}

function sourceOf(exchange: Exchange): Source {
  const { what, text } = saidIn(exchange);
  return { what: withoutSecrets(what), text: text && withoutSecrets(text) };
}

function saidIn(exchange: Exchange): Source {
  if ("http" in exchange) {
    const [method, ...url] = exchange.http.split(" ");
    return {
      what: `${method} ${shownUrl(url.join(" "))}`,
      text: exchange.answer && textOf(exchange.answer),
    };
  }
  if ("talk" in exchange) {
    const said = exchange.steps.flatMap((step) => "receive" in step ? [textOf(step.receive)] : []);
    return { what: exchange.talk, text: said.join("") };
  }
  if ("sql" in exchange) {
    const rows = exchange.rows?.map((row) => Object.values(row).join(" ")).join("\n");
    return { what: `${exchange.sql}: ${exchange.query}`, text: rows };
  }
  if ("snmp" in exchange) {
    const asked = exchange.walk ?? exchange.get?.join(" ") ?? "";
    return {
      what: `${exchange.snmp} ${asked}`,
      text: exchange.values && fieldsOf(exchange.values),
    };
  }
  if ("inbox" in exchange) return { what: exchange.inbox, text: undefined };
  if ("posts" in exchange) return { what: exchange.posts, text: undefined };
  if ("ldap" in exchange) {
    const entries = exchange.entries?.map(({ name, values }) => `${name}\n${fieldsOf(values)}`);
    return { what: `${exchange.ldap} ${exchange.base}`, text: entries?.join("") };
  }
  return {
    what: `${exchange.mongo}: ${JSON.stringify(exchange.command)}`,
    text: exchange.document && JSON.stringify(exchange.document, null, 1),
  };
}

function textOf(text: Text): string {
  return "base64" in text ? "" : text.join("\n");
}
