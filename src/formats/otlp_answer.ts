/**
 * Answers to OpenTelemetry's exporters, in the encoding of their requests.
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */

import type { PostedResponse } from "../ports/http.ts";

type OtlpEncoding = "json" | "protobuf";

/** Undefined where a request is neither. */
export function encodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const [type] = (contentType ?? "").toLowerCase().split(";", 1);
  if (type.trim() === "application/json") return "json";
  return type.trim() === "application/x-protobuf" ? "protobuf" : undefined;
}

/** All was taken but so many points, for a reason. */
export function accepted(encoding: OtlpEncoding, rejected: number, why: string): PostedResponse {
  if (rejected === 0) return answer(200, encoding, {}, []);
  const partialSuccess = { rejectedDataPoints: `${rejected}`, errorMessage: why };
  const partial = [...field(1, VARINT, varint(rejected)), ...text(2, why)];
  return answer(200, encoding, { partialSuccess }, counted(1, partial));
}

/** Nothing was taken. `seconds`: when the same may be sent again. */
export function rejected(
  status: number,
  encoding: OtlpEncoding,
  why: string,
  seconds?: number,
): PostedResponse {
  const response = answer(status, encoding, { message: why }, text(2, why));
  if (seconds === undefined) return response;
  return { ...response, headers: { "retry-after": `${Math.ceil(seconds)}` } };
}

function answer(
  status: number,
  encoding: OtlpEncoding,
  object: unknown,
  bytes: readonly number[],
): PostedResponse {
  return encoding === "json"
    ? { status, type: "application/json", body: JSON.stringify(object) }
    : { status, type: "application/x-protobuf", body: Uint8Array.from(bytes) };
}

/** Wire types. */
const [VARINT, COUNTED] = [0, 2];

function text(number: number, value: string): number[] {
  return counted(number, [...new TextEncoder().encode(value)]);
}

function counted(number: number, bytes: readonly number[]): number[] {
  return field(number, COUNTED, [...varint(bytes.length), ...bytes]);
}

function field(number: number, wireType: number, bytes: readonly number[]): number[] {
  return [...varint(number * 8 + wireType), ...bytes];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}
