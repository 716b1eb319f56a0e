/** A receiver of Prometheus' remote write 2.0 that reads its messages with protoc, by the protocol's own schema. */

import { spawnSync } from "node:child_process";
import { Buffer } from "node:buffer";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { uncompress } from "snappyjs";

const PROTOC = "/usr/bin/protoc";
export const noProtoc = existsSync(PROTOC) ? false : "protoc is not installed";

/** Source: https://prometheus.io/docs/specs/remote_write_spec_2_0/#protobuf-message, version 2.0-rc.4 */
const SCHEMA = `syntax = "proto3";
package io.prometheus.write.v2;
message Request { reserved 1 to 3; repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
message TimeSeries {
  repeated uint32 labels_refs = 1; repeated Sample samples = 2; Metadata metadata = 5; reserved 6;
}
message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
message Metadata {
  enum MetricType { UNSPECIFIED = 0; COUNTER = 1; GAUGE = 2; }
  MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4;
}
`;

export interface ReadSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly value: number;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly start: number | undefined;
}

/** Reads a body. Throws where the schema does not have what it says, or a rule of the protocol is broken. */
export function readRequest2(directory: string, body: Uint8Array): ReadSample[] {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "write.proto"), SCHEMA);
  const { status, stdout, stderr } = spawnSync(PROTOC, [
    "--decode=io.prometheus.write.v2.Request",
    `--proto_path=${directory}`,
    "write.proto",
  ], { input: uncompress(body), encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`protoc: ${stderr}`);
  const symbols: string[] = [];
  const found: ReadSample[] = [];
  for (const { key, value, parts } of messagesOf(stdout)) {
    if (key === "symbols") symbols.push(unquoted(value));
    else if (key === "timeseries") found.push(...samplesOf(parts, symbols));
    else throw new Error(`the schema has no ${key}`);
  }
  if (symbols[0] !== "") throw new Error("the first symbol is not empty");
  if (new Set(symbols).size < symbols.length) throw new Error("a symbol stands there twice");
  return found;
}

/** A text as protoc writes it: in ASCII, other bytes as octal numbers. */
function unquoted(text: string): string {
  const names: Record<string, string> = { n: "\n", r: "\r", t: "\t" };
  const bytes = text.slice(1, -1).replace(
    /\\(?:([0-7]{3})|(.))/g,
    (_, octal, letter) =>
      octal === undefined ? names[letter] ?? letter : String.fromCharCode(parseInt(octal, 8)),
  );
  return Buffer.from(bytes, "latin1").toString();
}

interface Field {
  readonly key: string;
  readonly value: string;
  readonly parts: Field[];
}

/** protoc's text format: `key: value`, or `key {`, parts and `}`, a line each. */
function messagesOf(text: string): Field[] {
  const open: Field[][] = [[]];
  for (const line of text.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    if (line === "}") {
      open.pop();
      continue;
    }
    const [, key, value] = /^(\w+)(?:: (.*)| \{)$/.exec(line)!;
    const field: Field = { key, value: value ?? "", parts: [] };
    open.at(-1)!.push(field);
    if (value === undefined) open.push(field.parts);
  }
  return open[0];
}

function samplesOf(parts: readonly Field[], symbols: readonly string[]): ReadSample[] {
  const all = (key: string) => parts.filter((part) => part.key === key);
  const numberIn = (fields: readonly Field[], key: string) =>
    Number(fields.find((field) => field.key === key)?.value ?? 0);
  const refs = all("labels_refs").map(({ value }) => symbols[Number(value)]);
  const names = refs.filter((_, index) => index % 2 === 0);
  const texts = refs.filter((_, index) => index % 2 === 1);
  if (refs.some((ref) => ref === undefined || ref === "")) throw new Error("a label is empty");
  if (names.join() !== [...new Set(names)].sort().join()) throw new Error(`unsorted: ${names}`);
  const labels = Object.fromEntries(names.map((name, index) => [name, texts[index]]));
  const [metadata] = all("metadata");
  const samples = all("samples").map(({ parts: fields }) => ({
    labels,
    type: metadata.parts.find(({ key }) => key === "type")!.value,
    help: symbols[numberIn(metadata.parts, "help_ref")],
    unit: symbols[numberIn(metadata.parts, "unit_ref")],
    value: numberIn(fields, "value"),
    timestamp: numberIn(fields, "timestamp"),
    start: numberIn(fields, "start_timestamp") || undefined,
  }));
  if (samples.length === 0) throw new Error("a series has no samples");
  return samples;
}

export interface Taken {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: Uint8Array;
}

/** What a receiver answers. `written`: the count of samples in its header; absent: no header, as 1.0 has it. */
export interface WriteAnswer {
  readonly status: number;
  readonly written?: number;
  readonly body?: string;
}

/** Records what is posted, and answers what `answer` says. */
export async function writeReceiver(answer: (taken: Taken, number: number) => WriteAnswer) {
  const taken: Taken[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { headers, url: path = "" } = request;
    const one = { headers, path, body: Buffer.concat(chunks) };
    taken.push(one);
    const { status, written, body } = answer(one, taken.length - 1);
    const counts = written === undefined
      ? {}
      : { "X-Prometheus-Remote-Write-Samples-Written": `${written}` };
    response.writeHead(status, counts).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    close() {
      server.close();
      server.closeAllConnections?.();
    },
  };
}
