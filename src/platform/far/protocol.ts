/** What the agent and a process that works on files for it say to each other: a line of JSON each way. */

import { codeOf, Failure, type FailureCode, messageOf } from "../../core/errors.ts";

/** `object`: 0 for a function, or what an earlier call has made. */
export interface FarRequest {
  readonly object: number;
  readonly call: string;
  readonly args: readonly unknown[];
}

interface FarError {
  readonly message: string;
  readonly failure?: FailureCode;
  /** The system's: ENOENT. */
  readonly code?: string;
}

export interface FarAnswer {
  readonly value?: unknown;
  readonly error?: FarError;
}

export function errorToSend(error: unknown): FarError {
  const { code } = error as NodeJS.ErrnoException;
  const failure = codeOf(error);
  return { message: messageOf(error), failure, code: failure === undefined ? code : undefined };
}

export function errorReceived({ message, failure, code }: FarError): Error {
  return failure === undefined
    ? Object.assign(new Error(message), code && { code: String(code) })
    : new Failure(failure, message);
}
